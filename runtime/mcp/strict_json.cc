#include "runtime/mcp/strict_json.h"

#include <algorithm>
#include <utility>

#include "runtime/value/json_walk.h"
#include "runtime/value/utf8.h"

namespace policy::mcp {

namespace {

using strict_json::IsDigit;

// By byte: the value of a hexadecimal digit, or -1.
constexpr auto kHexDigits = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    values['a' + i] = values['A' + i] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}();

// The code unit of four hexadecimal digits at `p`, or less than 0.
int CodeUnit(const char* p, const char* end) {
  if (end - p < 4) return -1;
  const auto digit = [p](std::size_t i) -> int {
    return kHexDigits[static_cast<unsigned char>(p[i])];
  };
  return digit(0) * 4096 | digit(1) * 256 | digit(2) * 16 | digit(3);  // one below 0 keeps all so
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

const char* StrictJson::Begin(std::string_view text) {
  end_ = text.data() + text.size();
  outcome_.syntax_error = nullptr;
  outcome_.stopped = false;
  outcome_.refusal.clear();
  keys_.Clear();
  room_.Begin(text.size());
  return text.data();
}

void StrictJson::Refuse(std::string reason) {
  if (outcome_.refusal.empty()) outcome_.refusal = std::move(reason);
}

const char* StrictJson::Fail(const char* error) {
  outcome_.syntax_error = error;
  return nullptr;
}

const char* StrictJson::SkipSpaceSlowly(const char* p) {
  for (;; ++p) {
    switch (At(p)) {
      case ' ':
      case '\t':
      case '\n':
        break;
      case '\r':
        // White space to JSON, but the end of a line to some readers of lines.
        if (p + 1 == end_ || p[1] != '\n') Refuse("carriage return outside a line ending");
        break;
      default:
        return p;
    }
  }
}

// `p` is within a string; what stands before it is plain.
const char* StrictJson::ReadRestOfString(const char* p, JsonKind& kind) {
  for (;; p = strict_json::SkipPlain(p, end_)) {
    if (p == end_) return Fail("a string is not closed");
    const auto byte = static_cast<unsigned char>(*p);
    if (byte == '"') return p + 1;
    if (byte == '\\') {
      p = ReadEscape(p, kind);
    } else if (byte < 0x20) {
      return Fail("control character in a string");
    } else if (byte < 0x80) {
      ++p;
    } else {
      p = SkipBeyondAscii(p);
    }
    if (p == nullptr) return p;
  }
}

// Texts in other scripts have many such characters in a row.
const char* StrictJson::SkipBeyondAscii(const char* p) {
  while (p != end_ && (*p & 0x80) != 0) {
    const std::size_t size = Utf8SequenceSize({p, static_cast<std::size_t>(end_ - p)});
    if (size == 0) return Fail("invalid UTF-8");
    p += size;
  }
  return p;
}

// `p` is at the backslash; `kind` is what the string is so far.
const char* StrictJson::ReadEscape(const char* p, JsonKind& kind) {
  kind = std::max(kind, JsonKind::EscapedString);
  switch (At(p + 1)) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return p + 2;
    case 'u':
      return ReadUnitEscape(p, kind);
    default:
      return Fail("unknown escape in a string");
  }
}

const char* StrictJson::ReadUnitEscape(const char* p, JsonKind& kind) {
  const int unit = CodeUnit(p + 2, end_);
  if (unit < 0) return Fail("\\u takes four hexadecimal digits");
  p += 6;
  if (IsHighSurrogate(unit) && end_ - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
      IsLowSurrogate(CodeUnit(p + 2, end_))) {
    return p + 6;
  }
  if (IsHighSurrogate(unit) || IsLowSurrogate(unit)) kind = JsonKind::UnreadableString;
  return p;
}

// `p` is at a minus or a digit.
const char* StrictJson::ReadNumber(const char* p) {
  const char* const begin = p;
  const char* const end = end_;
  const auto skip_digits = [&p, end] {
    const char* const first = p;
    while (p != end && IsDigit(*p)) ++p;
    return p != first;
  };
  constexpr const char* kNoDigit = "a digit is missing in a number";
  if (*p == '-') ++p;
  const char* const whole = p;
  if (!skip_digits()) return Fail(kNoDigit);
  if (*whole == '0' && p - whole > 1) return Fail("a number begins with a zero");
  if (p != end && *p == '.') {
    ++p;
    if (!skip_digits()) return Fail(kNoDigit);
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (!skip_digits()) return Fail(kNoDigit);
  }
  if (p - begin > static_cast<std::ptrdiff_t>(kNumberBytesMax)) {
    Refuse("a number is longer than " + std::to_string(kNumberBytesMax) + " bytes");
  }
  return p;
}

const char* StrictJson::ReadLiteral(const char* p, JsonKind& kind) {
  const std::string_view rest(p, static_cast<std::size_t>(end_ - p));
  if (rest.starts_with("true")) {
    kind = JsonKind::True;
    return p + 4;
  }
  if (rest.starts_with("false")) {
    kind = JsonKind::False;
    return p + 5;
  }
  if (rest.starts_with("null")) {
    kind = JsonKind::Null;
    return p + 4;
  }
  if (rest.starts_with("\xEF\xBB\xBF")) return Fail("byte order mark");
  return Fail(rest.empty() ? "the text ends early" : "a value is missing");
}

// Keys that are long, or have escapes or letters beyond ASCII.
const char* StrictJson::ReadAnyKey(const char* p, JsonKey& key) {
  const char* const begin = p;
  JsonKind kind = JsonKind::String;
  p = ReadString(p, kind);
  if (p == nullptr) return p;
  if (kind == JsonKind::UnreadableString) Refuse("lone surrogate in a key");
  key.text = room_.Text(kind, {begin, static_cast<std::size_t>(p - begin)});
  key.block = {};
  return p;
}

void StrictJson::RefuseKey(std::string_view key, const std::string_view* known) {
  if (known == nullptr) {
    return Refuse("more than " + std::to_string(kMembersMax) + " members in one record");
  }
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
