#include "runtime/transport/http/chunk_reader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "runtime/transport/http/http_limits.h"

namespace policy::transport {
namespace {

// The body, or "malformed", or what was read and "…"; then what stands behind it.
std::string ReadAll(std::string_view bytes, std::size_t piece) {
  ChunkReader reader;
  std::string body;
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (true) {
      const ChunkReader::Step step = reader.Next(part);
      if (step.state == ChunkReader::State::NeedsMore) break;
      if (step.state == ChunkReader::State::Malformed) return "malformed";
      if (step.state == ChunkReader::State::End) {
        return body + "|" + std::string(part) + std::string(bytes);
      }
      body.append(step.data);
    }
  }
  return body + "…";
}

TEST_CASE("chunks are joined, however they were cut") {
  const std::pair<std::string, std::string> cases[] = {
      {"5\r\nhello\r\n0\r\n\r\n", "hello|"},
      {"5\r\nhello\r\n0\r\n\r\nGET", "hello|GET"},
      {"1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n", "a0123456789|"},
      {"000a;name=\"value\"\r\n0123456789\r\n0;x\r\nTrailer: x\r\nOther: y\r\n\r\n", "0123456789|"},
      {"0\r\n\r\n", "|"},
      {"5\r\nhel", "hel…"},
      {"5\r\nhello\r\n0\r\n", "hello…"},
      {"3\r\n\r\n\n\r\n0\r\n\r\n", "\r\n\n|"},
  };
  for (const auto& [bytes, expected] : cases) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      CAPTURE(bytes, piece);
      CHECK(ReadAll(bytes, piece) == expected);
    }
  }
}

TEST_CASE("a chunk that can be read in two ways is malformed") {
  const std::string long_line = "1;" + std::string(kChunkLineBytesMax + 1, 'x') + "\r\na\r\n";
  const std::string long_trailers = "0\r\n" + std::string(kTrailerBytesMax + 1, 'x');
  for (const std::string& bytes : {std::string("\r\n"),
                                   std::string("g\r\n"),
                                   std::string("5 \r\nhello\r\n"),
                                   std::string(" 5\r\nhello\r\n"),
                                   std::string("0x5\r\nhello\r\n"),
                                   std::string("-1\r\nhello\r\n"),
                                   std::string("5\nhello\r\n"),
                                   std::string("5\r\nhello\n"),
                                   std::string("5\r\nhelloX\r\n"),
                                   std::string("5\r\nhello\rX"),
                                   std::string("5\rX"),
                                   std::string("5;a\nb\r\nhello"),
                                   std::string("5;\x01\r\nhello"),
                                   std::string("1000000000000\r\n"),
                                   std::string("0\r\n folded: x\r\n\r\n"),
                                   std::string("0\r\nX: y\n\r\n"),
                                   std::string("0\r\n\rX"),
                                   std::string("0\r\nX: \x01\r\n\r\n"),
                                   long_line,
                                   long_trailers}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
      CAPTURE(bytes, piece);
      CHECK(ReadAll(bytes, piece) == "malformed");
    }
  }
}

}  // namespace
}  // namespace policy::transport
