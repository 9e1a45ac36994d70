// Lines out of a stream of bytes: how messages are framed over stdio.
#ifndef RUNTIME_MCP_LINE_FRAMING_H_
#define RUNTIME_MCP_LINE_FRAMING_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace policy::mcp {

struct Line {
  std::string_view text;     // without its line ending; empty when it is too long
  bool is_too_long = false;  // reported once, as soon as it is seen; the line itself is dropped
};

// Splits at 0x0A and nowhere else: U+2028, U+0085 and a lone CR are bytes of a line. One CR before
// the LF belongs to the line ending. Blank lines are passed over. Not thread-safe.
class LineFraming {
 public:
  // No line is longer than `line_bytes_max`, its ending not counted; no more than that is kept.
  explicit LineFraming(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  // Takes the next bytes of the stream. Lines given out before are gone.
  void Append(std::string_view bytes);

  // The next whole line, valid until the next Append; false when there is none yet.
  bool Next(Line& line);

  // Bytes that wait for the rest of their line, once Next has said false.
  std::size_t pending_bytes() const { return buffer_.size() - begin_; }

 private:
  void DropConsumed();

  std::size_t line_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;     // of the first line that was not given out
  std::size_t searched_ = 0;  // there is no LF between begin_ and here
  bool is_skipping_ = false;  // within a line that was reported as too long
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_LINE_FRAMING_H_
