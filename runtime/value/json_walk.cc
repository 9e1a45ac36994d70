#include "runtime/value/json_walk.h"

#include <cstring>

#include "runtime/value/utf8.h"

namespace policy {

namespace {

const char* SkipSpace(const char* p) {
  while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') ++p;
  return p;
}

// One past the closing quote of the string whose opening quote is at `p`.
const char* SkipString(const char* p) {
  for (++p;; ++p) {
    p = static_cast<const char*>(rawmemchr(p, '"'));
    const char* escapes = p;  // the backslashes right before the quote: each pair is one of text
    while (escapes[-1] == '\\') --escapes;
    if ((p - escapes) % 2 == 0) return p + 1;
  }
}

int HexDigit(char c) {
  if (c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

// The four digits at `p`, which follow \u.
char32_t HexUnit(const char* p) {
  return static_cast<char32_t>(HexDigit(p[0]) << 12 | HexDigit(p[1]) << 8 | HexDigit(p[2]) << 4 |
                               HexDigit(p[3]));
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // " \ /
  }
}

// Decodes the escape whose backslash is at `p` into `room` (4 bytes), sets `size`, and returns one
// past it.
const char* DecodeEscape(const char* p, char* room, std::size_t& size) {
  if (p[1] != 'u') {
    room[0] = SimpleEscape(p[1]);
    size = 1;
    return p + 2;
  }
  char32_t code_point = HexUnit(p + 2);
  p += 6;
  if (code_point >= 0xD800 && code_point <= 0xDBFF) {
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (HexUnit(p + 2) - 0xDC00);
    p += 6;
  }
  size = EncodeUtf8(code_point, room);
  return p;
}

}  // namespace

const char* SkipJsonValue(const char* p) {
  if (*p == '"') return SkipString(p);
  if (*p != '[' && *p != '{') {
    while (*p != ',' && *p != ']' && *p != '}' && *p != ' ' && *p != '\t' && *p != '\n' &&
           *p != '\r') {
      ++p;
    }
    return p;
  }
  // Strings hold the only brackets that do not count.
  std::size_t depth = 0;
  do {
    if (*p == '"') {
      p = SkipString(p);
      continue;
    }
    if (*p == '[' || *p == '{') ++depth;
    if (*p == ']' || *p == '}') --depth;
    ++p;
  } while (depth != 0);
  return p;
}

bool ListWalk::Next(std::string_view& element) {
  const char* begin = SkipSpace(at_);
  if (*begin == ']') return false;
  if (*begin == ',') begin = SkipSpace(begin + 1);
  at_ = SkipJsonValue(begin);
  element = {begin, static_cast<std::size_t>(at_ - begin)};
  return true;
}

bool RecordWalk::Next(std::string_view& key, std::string_view& value) {
  const char* begin = SkipSpace(at_);
  if (*begin == '}') return false;
  if (*begin == ',') begin = SkipSpace(begin + 1);
  const char* const key_end = SkipString(begin);
  key = {begin, static_cast<std::size_t>(key_end - begin)};
  const char* const value_begin = SkipSpace(SkipSpace(key_end) + 1);
  at_ = SkipJsonValue(value_begin);
  value = {value_begin, static_cast<std::size_t>(at_ - value_begin)};
  return true;
}

std::size_t CountElements(std::string_view list, std::size_t max) {
  std::size_t count = 0;
  if (list.front() == '[') {
    ListWalk walk(list);
    for (std::string_view element; count < max && walk.Next(element);) ++count;
  } else {
    RecordWalk walk(list);
    for (std::string_view key, value; count < max && walk.Next(key, value);) ++count;
  }
  return count;
}

bool HasEscapes(std::string_view string) {
  return std::memchr(string.data(), '\\', string.size()) != nullptr;
}

std::size_t Unescape(std::string_view string, char* room) {
  const std::string_view inside = WithoutQuotes(string);
  const char* p = inside.data();
  const char* const end = p + inside.size();
  char* out = room;
  while (p != end) {
    const auto rest = static_cast<std::size_t>(end - p);
    const auto* escape = static_cast<const char*>(std::memchr(p, '\\', rest));
    const std::size_t plain = escape == nullptr ? rest : static_cast<std::size_t>(escape - p);
    std::memmove(out, p, plain);  // `room` may be where the string itself is
    out += plain;
    p += plain;
    if (escape == nullptr) break;
    char decoded[4];
    std::size_t size = 0;
    p = DecodeEscape(p, decoded, size);
    std::memcpy(out, decoded, size);
    out += size;
  }
  return static_cast<std::size_t>(out - room);
}

bool JsonStringEquals(std::string_view string, std::string_view text) {
  const std::string_view inside = WithoutQuotes(string);
  if (inside.size() < text.size()) return false;
  const char* p = inside.data();
  const char* const end = p + inside.size();
  while (p != end && !text.empty()) {
    if (*p != '\\') {
      if (*p != text.front()) return false;
      ++p;
      text.remove_prefix(1);
      continue;
    }
    char decoded[4];
    std::size_t size = 0;
    p = DecodeEscape(p, decoded, size);
    if (!text.starts_with(std::string_view(decoded, size))) return false;
    text.remove_prefix(size);
  }
  return p == end && text.empty();
}

}  // namespace policy
