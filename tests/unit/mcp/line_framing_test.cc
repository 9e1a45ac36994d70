#include "runtime/mcp/line_framing.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

constexpr std::size_t kMax = 8;

// The lines of `bytes`, given in pieces of `step`; "!" for one that is too long.
std::vector<std::string> Split(std::string_view bytes, std::size_t step) {
  LineFraming framing(kMax);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    framing.Append(bytes.substr(at, step));
    for (Line line; framing.Next(line);) {
      lines.push_back(line.is_too_long ? "!" : std::string(line.text));
    }
    REQUIRE(framing.pending_bytes() <= kMax + 1);
  }
  return lines;
}

TEST_CASE("a stream is split at line feeds, however it comes") {
  struct Row {
    std::string bytes;
    std::vector<std::string> want;
  };
  const Row rows[] = {
      {"", {}},
      {"a", {}},
      {"a\n", {"a"}},
      {"a\nb", {"a"}},
      {"a\r\nb\n", {"a", "b"}},
      {"\n\n\r\n \t\na\n\n", {"a"}},
      {"a\rb\n", {"a\rb"}},
      {"a\r\r\n", {"a\r"}},
      {"\u2028\u0085\n", {"\u2028\u0085"}},
      {"12345678\n", {"12345678"}},
      {"12345678\r\n", {"12345678"}},
      {"123456789\na\n", {"!", "a"}},
      {"123456789\r\na\n", {"!", "a"}},
      {"1234567890123456789012345\na\n", {"!", "a"}},
      {"a\n1234567890123456789012345\n\nb\n123456789012\nc\n", {"a", "!", "b", "!", "c"}},
      {"1234567890", {"!"}}};
  for (const Row& row : rows) {
    for (std::size_t step = 1; step <= row.bytes.size() + 1; ++step) {
      CAPTURE(row.bytes, step);
      CHECK(Split(row.bytes, step) == row.want);
    }
  }
}

// With a search from the start at each piece, or a move of all that is kept, this takes minutes.
TEST_CASE("a long line in small pieces costs no more than its bytes") {
  LineFraming framing(std::size_t{8} << 20);
  const std::string piece(16, 'x');
  Line line;
  for (std::size_t bytes = 0; bytes < std::size_t{8} << 20; bytes += piece.size()) {
    framing.Append(piece);
    REQUIRE_FALSE(framing.Next(line));
  }
  framing.Append("\n");
  REQUIRE(framing.Next(line));
  CHECK(line.text.size() == std::size_t{8} << 20);
}

}  // namespace
}  // namespace policy::mcp
