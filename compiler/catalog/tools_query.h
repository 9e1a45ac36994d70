// A server's own account of its tools, whole: every page, in either era of the protocol.
#ifndef COMPILER_CATALOG_TOOLS_QUERY_H_
#define COMPILER_CATALOG_TOOLS_QUERY_H_

#include <expected>
#include <string>

#include "compiler/catalog/server_connection.h"

namespace policy::catalog {

inline constexpr int kToolPagesMax = 1'000;

struct ServerTools {
  std::string server;  // what the server calls itself; may be empty
  std::string list;    // {"tools": […]} of all pages, the tools as the server wrote them
};

// Asks for nothing but what a client asks when it starts: `initialize`, else `server/discover`,
// then `tools/list`. The error is a sentence.
std::expected<ServerTools, std::string> AskForTools(ServerConnection& connection);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_TOOLS_QUERY_H_
