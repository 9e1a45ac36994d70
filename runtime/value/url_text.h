// URLs in arguments: what they name, where every reader agrees on it.
#ifndef RUNTIME_VALUE_URL_TEXT_H_
#define RUNTIME_VALUE_URL_TEXT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace policy {

inline constexpr std::size_t kHostBytesMax = 253;

// The host of an http or https URL in lower-case ASCII, held in place.
struct UrlHost {
  std::array<char, kHostBytesMax> bytes;
  std::uint8_t size = 0;
  bool is_address = false;  // four plain decimal numbers

  std::string_view text() const { return {bytes.data(), size}; }
};

// What a URL with one reading says before its path.
struct Url {
  UrlHost host;
  bool is_https = false;
  std::uint16_t port = 0;  // as written, else 80 or 443
};

// nullopt wherever URL readers differ (libcurl, the WHATWG's, Go's net/url, Python's urllib, Java's
// URI): another scheme or spelling than http(s)://, user
// information, control characters, white space or a backslash anywhere, a host that is empty, ends
// in a dot, has an empty or overlong label, percent escapes, a bracket or
// anything beside ASCII letters, digits, `-`, `_` and dots, an IPv4 address in any other than the
// usual form, a port that is empty, has a leading zero or is not 1 to 65535, an `@` behind a host
// that `?` or `#` ends. Redirects and name resolution are invisible here.
std::optional<Url> ReadUrl(std::string_view url);

// Its host alone.
std::optional<UrlHost> ReadUrlHost(std::string_view url);

// A member of a host_in set as it is compared: "example.com", or "*.example.com" for the proper
// subdomains, in lower case. nullopt: `text` can match no host.
std::optional<std::string> NormalHostPattern(std::string_view text);

}  // namespace policy

#endif  // RUNTIME_VALUE_URL_TEXT_H_
