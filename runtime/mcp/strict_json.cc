#include "runtime/mcp/strict_json.h"

#include <algorithm>
#include <utility>

#include "runtime/value/json_walk.h"
#include "runtime/value/utf8.h"

namespace policy::mcp {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHexDigit(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return IsDigit(c) || (lower >= 'a' && lower <= 'f');
}

// The code unit of four hexadecimal digits at `p`, or -1.
int CodeUnit(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (!IsHexDigit(p[i])) return -1;
    unit = unit * 16 + (IsDigit(p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
  }
  return unit;
}

bool IsHighSurrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLowSurrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace

void TextRoom::Begin(std::size_t bytes) {
  constexpr std::size_t kKeptBytesMax = 64 * 1024;
  if (capacity_ > kKeptBytesMax && bytes <= kKeptBytesMax) {
    room_.reset();  // a large message has passed: an idle connection does not keep its room
    capacity_ = 0;
  }
  needed_ = bytes;
  used_ = 0;
}

std::string_view TextRoom::Unescaped(std::string_view raw) {
  if (capacity_ < needed_) {  // the first escape of the message: nothing is in use yet
    room_ = std::make_unique_for_overwrite<char[]>(needed_);
    capacity_ = needed_;
  }
  char* const room = room_.get() + used_;
  const std::size_t size = Unescape(raw, room);
  used_ += size;
  return {room, size};
}

void StrictJson::Begin(std::string_view text) {
  at_ = text.data();
  end_ = at_ + text.size();
  outcome_.syntax_error = nullptr;
  outcome_.stopped = false;
  outcome_.refusal.clear();
  keys_.Clear();
  room_.Begin(text.size());
}

void StrictJson::Refuse(std::string reason) {
  if (outcome_.refusal.empty()) outcome_.refusal = std::move(reason);
}

bool StrictJson::Fail(const char* error) {
  outcome_.syntax_error = error;
  return false;
}

void StrictJson::SkipSpaceSlowly() {
  for (;; ++at_) {
    switch (Peek()) {
      case ' ':
      case '\t':
      case '\n':
        break;
      case '\r':
        // White space to JSON, but the end of a line to some readers of lines.
        if (at_ + 1 == end_ || at_[1] != '\n') Refuse("carriage return outside a line ending");
        break;
      default:
        return;
    }
  }
}

// at_ is at the opening quote, `p` at a byte behind it; what stands between them is plain.
bool StrictJson::ReadRestOfString(JsonScalar& scalar, const char* p) {
  const char* const begin = at_;
  scalar = {JsonKind::String, false, false, 0, begin};
  at_ = p;
  for (;; at_ = strict_json::SkipPlain(at_, end_)) {
    if (at_ == end_) return Fail("a string is not closed");
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"') break;
    if (byte == '\\') {
      scalar.has_escapes = true;
      if (!ReadEscape(scalar)) return false;
    } else if (byte < 0x20) {
      return Fail("control character in a string");
    } else if (byte < 0x80) {
      ++at_;
    } else {
      if (!SkipBeyondAscii()) return false;
    }
  }
  ++at_;
  if (scalar.is_unreadable) scalar.has_escapes = false;  // no decoder sees it; it is refused
  scalar.size = static_cast<std::uint32_t>(at_ - begin);
  return true;
}

// Texts in other scripts have many such characters in a row.
bool StrictJson::SkipBeyondAscii() {
  while (at_ != end_ && (*at_ & 0x80) != 0) {
    const std::size_t size = Utf8SequenceSize({at_, static_cast<std::size_t>(end_ - at_)});
    if (size == 0) return Fail("invalid UTF-8");
    at_ += size;
  }
  return true;
}

// at_ is at the backslash.
bool StrictJson::ReadEscape(JsonScalar& scalar) {
  ++at_;
  const char c = Peek();
  if (c != 'u') {
    if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
      return Fail("unknown escape in a string");
    }
    ++at_;
    return true;
  }
  const int unit = CodeUnit(at_ + 1, end_);
  if (unit < 0) return Fail("\\u takes four hexadecimal digits");
  at_ += 5;
  if (IsLowSurrogate(unit)) scalar.is_unreadable = true;
  if (!IsHighSurrogate(unit)) return true;
  const bool is_pair =
      end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u' && IsLowSurrogate(CodeUnit(at_ + 2, end_));
  if (is_pair) {
    at_ += 6;
  } else {
    scalar.is_unreadable = true;
  }
  return true;
}

bool StrictJson::ReadDigits() {
  if (!IsDigit(Peek())) return Fail("a digit is missing in a number");
  while (IsDigit(Peek())) ++at_;
  return true;
}

bool StrictJson::ReadNumber(JsonScalar& scalar) {
  const char* const begin = at_;
  if (Peek() == '-') ++at_;
  if (Peek() == '0') {
    ++at_;
    if (IsDigit(Peek())) return Fail("a number begins with a zero");
  } else if (!ReadDigits()) {
    return false;
  }
  if (Peek() == '.') {
    ++at_;
    if (!ReadDigits()) return false;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    ++at_;
    if (Peek() == '+' || Peek() == '-') ++at_;
    if (!ReadDigits()) return false;
  }
  scalar = {JsonKind::Number, false, false, static_cast<std::uint32_t>(at_ - begin), begin};
  if (scalar.size > kNumberBytesMax) {
    Refuse("a number is longer than " + std::to_string(kNumberBytesMax) + " bytes");
  }
  return true;
}

bool StrictJson::ReadLiteral(JsonScalar& scalar) {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  for (const auto& [text, kind] : {std::pair<std::string_view, JsonKind>{"null", JsonKind::Null},
                                   {"true", JsonKind::True},
                                   {"false", JsonKind::False}}) {
    if (!rest.starts_with(text)) continue;
    scalar = {kind, false, false, static_cast<std::uint32_t>(text.size()), at_};
    at_ += text.size();
    return true;
  }
  if (rest.starts_with("\xEF\xBB\xBF")) return Fail("byte order mark");
  return Fail(rest.empty() ? "the text ends early" : "a value is missing");
}

void StrictJson::RefuseKey(std::string_view key, std::uint32_t count,
                           std::optional<std::string_view> known) {
  if (count > kMembersMax) {
    return Refuse("more than " + std::to_string(kMembersMax) + " members in one record");
  }
  if (!known) return Refuse("the key `__proto__` is not accepted");
  Refuse(*known == key
             ? "duplicate key " + Quoted(key)
             : "keys " + Quoted(*known) + " and " + Quoted(key) + " differ by letter case only");
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  const bool is_cut = text.size() > kBytesMax;
  std::string quoted = "`";
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(Utf8SequenceSize(text), 1);
    if (quoted.size() + size > kBytesMax) break;
    const auto first = static_cast<unsigned char>(text.front());
    const bool is_shown = size == 1 ? first >= 0x20 && first < 0x7F && first != '`' : size > 1;
    const char32_t code_point = size > 1 ? DecodeUtf8(text.substr(0, size)) : first;
    // C1 controls and the two separators end lines for some readers of logs.
    const bool breaks_lines =
        (code_point >= 0x80 && code_point < 0xA0) || code_point == 0x2028 || code_point == 0x2029;
    quoted += is_shown && !breaks_lines ? std::string(text.substr(0, size)) : "?";
    text.remove_prefix(size);
  }
  return quoted + (is_cut ? "…`" : "`");
}

}  // namespace policy::mcp
