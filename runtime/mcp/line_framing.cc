#include "runtime/mcp/line_framing.h"

namespace policy::mcp {

namespace {

// An idle stream keeps no more room than this.
constexpr std::size_t kKeptBytesMax = 64 * 1024;

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

void LineFraming::DropConsumed() {
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  if (buffer_.empty() && buffer_.capacity() > kKeptBytesMax) buffer_.shrink_to_fit();
}

void LineFraming::Append(std::string_view bytes) {
  DropConsumed();
  if (is_skipping_) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    is_skipping_ = false;
  }
  buffer_ += bytes;
}

bool LineFraming::Next(Line& line) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end == std::string::npos) {
      searched_ = buffer_.size();
      if (pending_bytes() <= line_bytes_max_ + 1) return false;  // the last may be a CR
      begin_ = buffer_.size();
      is_skipping_ = true;
      line = {{}, true};
      return true;
    }
    line = {std::string_view(buffer_).substr(begin_, end - begin_), false};
    begin_ = searched_ = end + 1;
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    if (line.text.size() > line_bytes_max_) {
      line = {{}, true};
      return true;
    }
    if (!IsBlank(line.text)) return true;
  }
}

}  // namespace policy::mcp
