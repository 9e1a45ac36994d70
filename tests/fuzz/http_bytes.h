// What the fuzzers of HTTP hold every accepted head to, found in another way than the product does.
#ifndef TESTS_FUZZ_HTTP_BYTES_H_
#define TESTS_FUZZ_HTTP_BYTES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/transport/http/http_head.h"

namespace policy::fuzz {

// The lines of a head, its empty one left out, cut at CRLF alone.
std::vector<std::string> HeadLines(std::string_view head);

// Aborts where the headers that were read are not the lines that are there, where a character or a
// length is, or stands twice, that must not.
void CheckHeaders(const std::vector<std::string>& lines, const transport::HttpHeaders& headers);

// The size of the head that `bytes` begin with, however they come. nullopt: it is refused, or not
// complete. Aborts where that depends on how the bytes were cut.
std::optional<std::size_t> HeadSize(std::string_view bytes);

// The body of a chunked message and how much of `bytes` it took. nullopt: refused, or not complete.
// Aborts where that depends on how the bytes were cut.
struct ChunkedBody {
  std::string body;
  std::size_t size = 0;

  bool operator==(const ChunkedBody&) const = default;
};
std::optional<ChunkedBody> ReadChunks(std::string_view bytes);

}  // namespace policy::fuzz

#endif  // TESTS_FUZZ_HTTP_BYTES_H_
