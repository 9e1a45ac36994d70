// What stands before a body: the first line of a request or response, and its headers, in place.
//
//   if (const auto type = exchange.head().headers.Find("content-type")) …
#ifndef RUNTIME_TRANSPORT_HTTP_HTTP_HEAD_H_
#define RUNTIME_TRANSPORT_HTTP_HTTP_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace policy::transport {

// a == b but for the case of ASCII letters. REQUIRES of the first: the sizes are the same.
bool SameHeaderBytes(std::string_view a, std::string_view b);
inline bool SameHeaderText(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // Mostly they differ, and mostly so at once. 0x20 is what the cases of a letter differ in.
  return a.empty() || (((a.front() ^ b.front()) & ~0x20) == 0 && SameHeaderBytes(a, b));
}

struct HttpHeader {
  std::string_view name;   // a token, as written
  std::string_view value;  // without white space around it; no control character but tabs within
};

// Refers to what it was read from. Copies are cheap.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  explicit HttpHeaders(std::span<const HttpHeader> all) : all_(all) {}

  // The first of that name. Names are compared without regard to ASCII case.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  std::span<const HttpHeader> all() const { return all_; }

 private:
  std::span<const HttpHeader> all_;
};

struct HttpRequestHead {
  std::string_view method;  // a token, case-sensitive
  std::string_view target;  // as written
  std::string_view path;    // before `?`, not unescaped; begins with `/`, or is `*` for OPTIONS
  std::string_view query;   // behind `?`, or empty
  std::uint8_t minor_version = 1;  // of HTTP/1.
  HttpHeaders headers;
};

struct HttpResponseHead {
  int status = 0;  // 200 to 599; responses before the final one are skipped
  std::uint8_t minor_version = 1;
  HttpHeaders headers;
  std::optional<std::uint64_t>
      content_length;  // 0 where there can be no body; nullopt: unknown yet
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HTTP_HEAD_H_
