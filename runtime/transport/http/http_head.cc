#include "runtime/transport/http/http_head.h"

#include <algorithm>

namespace policy::transport {
namespace {

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

bool SameHeaderBytes(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (LowerAscii(a[i]) != LowerAscii(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> HttpHeaders::Find(std::string_view name) const {
  for (const HttpHeader& header : all_) {
    if (SameHeaderText(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::size_t HttpHeaders::Count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      all_, [name](const HttpHeader& header) { return SameHeaderText(header.name, name); }));
}

}  // namespace policy::transport
