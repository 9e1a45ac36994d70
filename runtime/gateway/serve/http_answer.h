// Short answers over HTTP that are no messages of MCP.
#ifndef RUNTIME_GATEWAY_SERVE_HTTP_ANSWER_H_
#define RUNTIME_GATEWAY_SERVE_HTTP_ANSWER_H_

#include <span>
#include <string_view>

#include "runtime/transport/http/http_exchange.h"

namespace policy::gateway {

// A sentence, as text.
void RespondText(transport::HttpExchange& exchange, int status, std::string_view text,
                 std::span<const transport::HttpHeader> more = {});
// A message, as JSON.
void RespondJson(transport::HttpExchange& exchange, int status, std::string_view json);
// A JSON-RPC error that answers no request in particular, with `code`.
void RespondError(transport::HttpExchange& exchange, int status, int code, std::string_view text);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_HTTP_ANSWER_H_
