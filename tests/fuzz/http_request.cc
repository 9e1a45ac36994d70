// The reader of HTTP requests: what it accepts has one reading, however it was cut.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/transport/http/head_parser.h"
#include "runtime/transport/http/http_limits.h"
#include "tests/fuzz/http_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8'192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto head_size = policy::fuzz::HeadSize(bytes);
  if (!head_size) return 0;
  std::array<policy::transport::HttpHeader, policy::transport::kHeadersMax> room;
  // A copy of its own size: a read beyond it is seen.
  const std::vector<char> copy(bytes.begin(),
                               bytes.begin() + static_cast<std::ptrdiff_t>(*head_size));
  const auto parsed = policy::transport::ParseRequestHead({copy.data(), copy.size()}, room);
  if (!parsed) return 0;
  const std::vector<std::string> lines = policy::fuzz::HeadLines({copy.data(), copy.size()});
  const policy::transport::HttpRequestHead& head = parsed->head;
  const std::string first = std::string(head.method) + " " + std::string(head.target) + " HTTP/1." +
                            std::to_string(head.minor_version);
  if (lines[0] != first) std::abort();
  policy::fuzz::CheckHeaders(lines, head.headers);
  if (head.minor_version == 1 && head.headers.Count("host") != 1) std::abort();
  if (head.path != "*" && !head.path.starts_with('/')) std::abort();
  if (head.target.find(head.path) == std::string_view::npos) std::abort();
  if (parsed->framing.is_chunked == parsed->framing.has_length) std::abort();
  if (parsed->framing.is_chunked) {
    policy::fuzz::ReadChunks(bytes.substr(*head_size));
  } else {
    const auto length = head.headers.Find("content-length");
    if (parsed->framing.length != (length ? std::stoull(std::string(*length)) : 0)) std::abort();
  }
  return 0;
}
