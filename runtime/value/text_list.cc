#include "runtime/value/text_list.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "runtime/value/glob.h"
#include "runtime/value/json_walk.h"

namespace policy {

namespace {

constexpr std::size_t kEscapeBytesMax = 6;  // \u001F

// Bytes of each byte within a JSON string.
constexpr std::array<std::uint8_t, 256> kEscapedBytes = [] {
  std::array<std::uint8_t, 256> bytes{};
  for (std::size_t c = 0; c < bytes.size(); ++c) bytes[c] = c < 0x20 ? kEscapeBytesMax : 1;
  bytes['"'] = 2;
  bytes['\\'] = 2;
  return bytes;
}();

}  // namespace

std::size_t QuotedBytes(std::string_view text) {
  std::size_t bytes = 2;
  for (const char c : text) bytes += kEscapedBytes[static_cast<unsigned char>(c)];
  return bytes;
}

char* WriteQuoted(std::string_view text, char* room) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  *room++ = '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      room = std::ranges::copy(std::string_view("\\u00"), room).out;
      *room++ = kHexDigits[byte >> 4];
      *room++ = kHexDigits[byte & 0xF];
      continue;
    }
    if (kEscapedBytes[byte] == 2) *room++ = '\\';
    *room++ = c;
  }
  *room++ = '"';
  return room;
}

bool SplitWalk::Next(std::string_view& piece) {
  if (is_done_) return false;
  const std::size_t at = FindText(rest_, separator_);
  piece = rest_.substr(0, at);
  is_done_ = at == std::string_view::npos;
  if (!is_done_) rest_.remove_prefix(at + separator_.size());
  return true;
}

Value JoinTexts(std::string_view list, std::string_view separator, TextRoom& room) {
  // An upper bound: escapes only shrink, to a sixth at most.
  constexpr std::size_t kRawBytesMax = kEscapeBytesMax * kPatternSubjectBytesMax;
  std::size_t raw_bytes = 0;
  std::size_t count = 0;
  ListWalk measured(list);
  for (std::string_view element; measured.Next(element);) {
    if (element.front() != '"' || ++count > kListElementsMax) return Value::MakeBroken();
    raw_bytes += element.size() + separator.size();
    if (raw_bytes > kRawBytesMax + count * (separator.size() + 2)) return Value::MakeBroken();
  }
  if (count > 1 && separator.size() > kPatternSubjectBytesMax / (count - 1)) {
    return Value::MakeBroken();
  }
  char* const begin = room.Reserve(raw_bytes + 1);
  if (begin == nullptr) return Value::MakeBroken();
  char* end = begin;
  ListWalk written(list);
  bool is_first = true;
  for (std::string_view element; written.Next(element); is_first = false) {
    if (!is_first) end = std::ranges::copy(separator, end).out;
    end += Unescape(element, end);
  }
  const Value text = Value::MakeString({begin, end});
  return text.length > kPatternSubjectBytesMax ? Value::MakeBroken() : text;
}

}  // namespace policy
