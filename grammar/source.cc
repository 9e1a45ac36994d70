#include "policy/source.h"

#include <algorithm>
#include <utility>

#include "policy/check.h"

namespace policy {

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  CHECK(text_.size() < 0xFFFFFFFFu);
  line_begins_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_begins_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

Position Source::Locate(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::ranges::upper_bound(line_begins_, offset);
  const auto line = static_cast<std::uint32_t>(after - line_begins_.begin());
  Position position{.line = line, .column = 1};
  for (std::uint32_t i = line_begins_[line - 1]; i < offset; ++i) {
    // Continuation bytes belong to the code point before them.
    if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++position.column;
  }
  return position;
}

std::string_view Source::LineText(std::uint32_t line) const {
  if (line == 0 || line > line_begins_.size()) return {};
  const std::size_t begin = line_begins_[line - 1];
  std::size_t end = line < line_begins_.size() ? line_begins_[line] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace policy
