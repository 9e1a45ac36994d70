// The reader of HTTP responses: what it accepts has one reading, however it was cut.
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
  if (size == 0 || size > 8'192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  policy::fuzz::ReadChunks(bytes);
  const auto head_size = policy::fuzz::HeadSize(bytes);
  if (!head_size) return 0;
  std::array<policy::transport::HttpHeader, policy::transport::kHeadersMax> room;
  // A copy of its own size: a read beyond it is seen.
  const std::vector<char> copy(bytes.begin(),
                               bytes.begin() + static_cast<std::ptrdiff_t>(*head_size));
  const auto parsed = policy::transport::ParseResponseHead({copy.data(), copy.size()}, room, {});
  if (!parsed) return 0;
  const std::vector<std::string> lines = policy::fuzz::HeadLines({copy.data(), copy.size()});
  const std::string first = "HTTP/1." + std::to_string(parsed->head.minor_version) + " " +
                            std::to_string(parsed->head.status);
  if (!lines[0].starts_with(first)) std::abort();
  if (lines[0].size() > first.size() && lines[0][first.size()] != ' ') std::abort();
  policy::fuzz::CheckHeaders(lines, parsed->head.headers);
  if (parsed->framing.is_chunked && parsed->framing.has_length) std::abort();
  return 0;
}
