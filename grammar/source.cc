#include "policy/source.h"

#include <algorithm>
#include <utility>

#include "policy/check.h"

namespace policy {

namespace {

constexpr std::uint32_t kMarkBytes = 1024;

// Continuation bytes belong to the code point before them.
bool BeginsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  CHECK(text_.size() < 0xFFFFFFFFu);
  line_begins_.push_back(0);
  std::uint32_t code_points = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (i % kMarkBytes == 0) code_points_before_.push_back(code_points);
    if (BeginsCodePoint(text_[i])) ++code_points;
    if (text_[i] == '\n') line_begins_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

Position Source::Locate(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::ranges::upper_bound(line_begins_, offset);
  const auto line = static_cast<std::uint32_t>(after - line_begins_.begin());
  const std::uint32_t line_begin = line_begins_[line - 1];
  return {.line = line, .column = 1 + CodePointsBefore(offset) - CodePointsBefore(line_begin)};
}

std::uint32_t Source::CodePointsBefore(std::uint32_t offset) const {
  if (offset == 0) return 0;
  // The mark at or before the last byte that counts, so that the text's end needs none of its own.
  const std::uint32_t mark = (offset - 1) / kMarkBytes;
  const auto from = text_.begin() + static_cast<std::ptrdiff_t>(mark) * kMarkBytes;
  const auto to = text_.begin() + static_cast<std::ptrdiff_t>(offset);
  return code_points_before_[mark] +
         static_cast<std::uint32_t>(std::count_if(from, to, BeginsCodePoint));
}

std::string_view Source::LineText(std::uint32_t line) const {
  if (line == 0 || line > line_begins_.size()) return {};
  const std::size_t begin = line_begins_[line - 1];
  std::size_t end = line < line_begins_.size() ? line_begins_[line] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

}  // namespace policy
