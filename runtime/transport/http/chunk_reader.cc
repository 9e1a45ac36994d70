#include "runtime/transport/http/chunk_reader.h"

#include <algorithm>

#include "runtime/transport/http/http_limits.h"

namespace policy::transport {
namespace {

constexpr std::uint8_t kDigitsMax = 12;  // no chunk has 2^48 bytes

// -1: no hexadecimal digit.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsText(char c) { return (static_cast<std::uint8_t>(c) >= 0x20 || c == '\t') && c != '\x7f'; }

}  // namespace

ChunkReader::Step ChunkReader::Next(std::string_view& input) {
  while (true) {
    if (at_ == At::End) return {.state = State::End, .data = {}};
    if (at_ == At::Malformed) return {.state = State::Malformed, .data = {}};
    if (input.empty()) return {.state = State::NeedsMore, .data = {}};
    if (at_ == At::Data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      const std::string_view data = input.substr(0, size);
      input.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) at_ = At::DataReturn;
      return {.state = State::Data, .data = data};
    }
    at_ = Take(input.front());
    input.remove_prefix(1);
  }
}

ChunkReader::At ChunkReader::Take(char c) {
  switch (at_) {
    case At::Size:
      return TakeSize(c);
    case At::Extension:
      if (++line_bytes_ > kChunkLineBytesMax) return At::Malformed;
      if (c == '\r') return At::SizeLineFeed;
      return IsText(c) ? At::Extension : At::Malformed;
    case At::SizeLineFeed:
      if (c != '\n') return At::Malformed;
      digits_ = 0;
      line_bytes_ = 0;
      return left_ == 0 ? At::TrailerStart : At::Data;
    case At::DataReturn:
      return c == '\r' ? At::DataLineFeed : At::Malformed;
    case At::DataLineFeed:
      return c == '\n' ? At::Size : At::Malformed;
    case At::TrailerStart:
      if (c == '\r') return At::LastLineFeed;
      // A line that begins so would continue the one before, or be none.
      if (c == ' ' || c == '\t' || c == ':') return At::Malformed;
      [[fallthrough]];
    case At::Trailer:
      if (++trailer_bytes_ > kTrailerBytesMax) return At::Malformed;
      if (c == '\r') return At::TrailerLineFeed;
      return IsText(c) ? At::Trailer : At::Malformed;
    case At::TrailerLineFeed:
      return c == '\n' ? At::TrailerStart : At::Malformed;
    case At::LastLineFeed:
      return c == '\n' ? At::End : At::Malformed;
    case At::Data:
    case At::End:
    case At::Malformed:
      break;
  }
  return At::Malformed;
}

ChunkReader::At ChunkReader::TakeSize(char c) {
  if (const int digit = HexDigit(c); digit >= 0) {
    if (++digits_ > kDigitsMax) return At::Malformed;
    left_ = (digits_ == 1 ? 0 : left_ << 4) | static_cast<std::uint64_t>(digit);
    return At::Size;
  }
  if (digits_ == 0) return At::Malformed;
  if (c == '\r') return At::SizeLineFeed;
  return c == ';' ? At::Extension : At::Malformed;
}

}  // namespace policy::transport
