// Where an upstream is: a URL that operators write into a configuration.
#ifndef RUNTIME_TRANSPORT_HTTP_HTTP_URL_H_
#define RUNTIME_TRANSPORT_HTTP_HTTP_URL_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace policy::transport {

struct HttpUrl {
  bool is_https = false;
  std::string host;  // a name or an address; IPv6 without its brackets
  std::uint16_t port = 0;
  std::string authority;  // as the Host header has it: the port only where it is not the usual one
  std::string target;     // path and query; begins with `/`

  // The origin is the same: scheme, host and port.
  bool IsSameOrigin(const HttpUrl& other) const {
    return is_https == other.is_https && host == other.host && port == other.port;
  }
};

// The error is a sentence. Refused are user information, fragments, and whatever is no visible
// ASCII.
std::expected<HttpUrl, std::string> ParseHttpUrl(std::string_view url);

// What a reference in a message of `base` leads to (the `endpoint` event of HTTP+SSE): an absolute
// URL, or one that begins with `/`. The error is a sentence.
std::expected<HttpUrl, std::string> ResolveHttpUrl(const HttpUrl& base, std::string_view reference);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HTTP_URL_H_
