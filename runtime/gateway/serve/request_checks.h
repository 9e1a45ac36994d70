// What a request over HTTP must be before anybody looks at its message: for this server, from a
// page that may ask, in a media type that has one reading.
#ifndef RUNTIME_GATEWAY_SERVE_REQUEST_CHECKS_H_
#define RUNTIME_GATEWAY_SERVE_REQUEST_CHECKS_H_

#include <optional>
#include <string>
#include <string_view>

#include "runtime/gateway/config/serve_config.h"
#include "runtime/transport/http/http_exchange.h"

namespace policy::gateway {

struct HttpRefused {
  int status = 400;
  std::string text;
};

// Host, which a page that was rebound to this address cannot choose; and Origin, where there is
// one. 403.
std::optional<HttpRefused> CheckSender(const transport::HttpRequestHead& head,
                                       const ServeConfig& config);

// That of a POST: JSON in UTF-8 and no encoding around it. 415.
std::optional<HttpRefused> CheckContent(const transport::HttpRequestHead& head);

// What the client takes. 406.
struct Wanted {
  bool json = false;
  bool events = false;
};
std::optional<HttpRefused> CheckAccept(const transport::HttpRequestHead& head, Wanted wanted);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_REQUEST_CHECKS_H_
