#include "runtime/gateway/serve/http_answer.h"

#include <string>
#include <vector>

#include "runtime/gateway/answer.h"

namespace policy::gateway {

using transport::HttpHeader;

void RespondText(transport::HttpExchange& exchange, int status, std::string_view text,
                 std::span<const HttpHeader> more) {
  std::vector<HttpHeader> headers(more.begin(), more.end());
  headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  exchange.Respond(status, headers, std::string(text) + "\n");
}

void RespondJson(transport::HttpExchange& exchange, int status, std::string_view json) {
  const HttpHeader type{"Content-Type", "application/json"};
  exchange.Respond(status, {&type, 1}, json);
}

void RespondError(transport::HttpExchange& exchange, int status, int code, std::string_view text) {
  std::string body;
  AppendError(body, {}, code, text);
  RespondJson(exchange, status, body);
}

}  // namespace policy::gateway
