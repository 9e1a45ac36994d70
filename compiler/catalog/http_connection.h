// A server behind a URL: Streamable HTTP, of either era.
#ifndef COMPILER_CATALOG_HTTP_CONNECTION_H_
#define COMPILER_CATALOG_HTTP_CONNECTION_H_

#include <expected>
#include <memory>
#include <string>

#include "compiler/catalog/server_connection.h"

namespace policy::catalog {

// Certificates are verified, redirects are not followed. The error is a sentence.
std::expected<std::unique_ptr<ServerConnection>, std::string> ConnectTo(const std::string& url);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_HTTP_CONNECTION_H_
