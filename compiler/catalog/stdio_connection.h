// A server that is started for the conversation and ended after it.
#ifndef COMPILER_CATALOG_STDIO_CONNECTION_H_
#define COMPILER_CATALOG_STDIO_CONNECTION_H_

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "compiler/catalog/server_connection.h"

namespace policy::catalog {

// Starts `command`, with this process's environment; its standard error is kept for messages. The
// error is a sentence. Ends the server, and what it started, when destroyed.
std::expected<std::unique_ptr<ServerConnection>, std::string> StartServer(
    const std::vector<std::string>& command);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_STDIO_CONNECTION_H_
