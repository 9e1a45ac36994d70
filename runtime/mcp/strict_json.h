// The one strict JSON reader behind messages, arguments, contexts and eval lines.
//
// Scan goes over every byte of a text once, without recursion, and tells a visitor what stands
// where. What is not JSON (RFC 8259, UTF-8) stops it; what is JSON but could be read differently by
// two readers is noted, and the scan goes on, so that the visitor still learns what the text is and
// whom to answer.
//
// A Visitor has a Place type, a trivial value that says where in the text a value stands and, with
// `bool refuses_case_variants`, whether keys of a record there may differ by case only, and
//
//   Place Member(const Place& record, std::string_view key);     the place of a member's value;
//                                                                `key` is unescaped
//   Place Element(const Place& list, std::uint32_t index);       of a list's element
//   void Scalar(const Place& place, JsonScalar scalar);
//   void Open(Place& place, bool is_record);                     a list or record begins
//   void Close(const Place& place, bool is_record, std::string_view raw);   … and ends
#ifndef RUNTIME_MCP_STRICT_JSON_H_
#define RUNTIME_MCP_STRICT_JSON_H_

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "runtime/mcp/key_set.h"
#include "runtime/mcp/limits.h"

namespace policy::mcp {

enum class JsonKind : std::uint8_t { Null, False, True, Number, String };

// Small enough to travel in registers.
struct JsonScalar {
  JsonKind kind = JsonKind::Null;
  bool has_escapes = false;    // String: Unescape gives its text
  bool is_unreadable = false;  // String: with a lone surrogate, so it has no text
  std::uint32_t size = 0;
  const char* begin = nullptr;

  std::string_view raw() const { return {begin, size}; }  // strings with their quotes
};

// Room for unescaped texts of one message: none moves until the next Begin.
class TextRoom {
 public:
  // All the texts to come are together no longer than `bytes`.
  void Begin(std::size_t bytes);
  // The text of a raw JSON string; it is the bytes between the quotes where nothing is escaped.
  std::string_view Text(std::string_view raw, bool has_escapes) {
    return has_escapes ? Unescaped(raw) : raw.substr(1, raw.size() - 2);
  }

 private:
  std::string_view Unescaped(std::string_view raw);

  std::unique_ptr<char[]> room_;
  std::size_t capacity_ = 0;
  std::size_t needed_ = 0;
  std::size_t used_ = 0;
};

// What came of a scan.
struct ScanOutcome {
  const char* syntax_error = nullptr;  // static text; null: it is JSON
  bool stopped = false;                // nested too deep to be read to the end
  std::string refusal;                 // the first reason to refuse it although it is JSON
};

// Memory and primitives of a scan, apart from the visitor. Not thread-safe; one is used for one
// text at a time and kept for the next.
class StrictJson {
 public:
  template <typename Visitor>
  void Scan(std::string_view text, typename Visitor::Place place, Visitor& visitor);

  // Notes why the text is to be refused; the first reason stays.
  void Refuse(std::string reason);
  bool is_refused() const { return !outcome_.refusal.empty(); }

  const ScanOutcome& outcome() const { return outcome_; }
  TextRoom& room() { return room_; }

 private:
  template <typename Place>
  struct Level {
    Place place;
    const char* begin;
    std::uint32_t count;  // members or elements so far
    bool is_record;
  };

  void Begin(std::string_view text);
  char Peek() const { return at_ != end_ ? *at_ : '\0'; }  // NUL is never right where this is used
  void SkipSpace() {
    if (Peek() <= ' ') SkipSpaceSlowly();
  }
  void SkipSpaceSlowly();
  bool Fail(const char* error);  // always false
  // Each reads what begins at at_ and goes past it. false: it is not JSON.
  bool ReadString(JsonScalar& scalar);
  bool ReadRestOfString(JsonScalar& scalar, const char* p);
  bool ReadEscape(JsonScalar& scalar);
  bool SkipBeyondAscii();
  bool ReadNumber(JsonScalar& scalar);
  bool ReadDigits();
  bool ReadLiteral(JsonScalar& scalar);
  bool ReadScalar(JsonScalar& scalar);
  // The key at at_, its colon and the space behind it.
  bool ReadKey(std::string_view& key);
  void CheckKey(std::string_view key, std::uint32_t count);
  void RefuseKey(std::string_view key, std::uint32_t count, std::optional<std::string_view> known);

  const char* at_ = nullptr;
  const char* end_ = nullptr;
  ScanOutcome outcome_;
  KeySet keys_;
  TextRoom room_;
};

namespace strict_json {

inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x8080808080808080;

// The high bit of every byte that is zero (and, above the first of these, perhaps of others).
constexpr std::uint64_t ZeroBytes(std::uint64_t word) {
  return (word - kEachByte) & ~word & kHighBits;
}

// Bytes of a string before the first of `word` that is not plain: a quote, a backslash, a control
// character or beyond ASCII. 8 when all are plain.
inline std::size_t PlainBytes(std::uint64_t word) {
  const std::uint64_t special =
      ZeroBytes(word ^ kEachByte * '"') | ZeroBytes(word ^ kEachByte * '\\') |
      ((word - kEachByte * 0x20) & ~word & kHighBits) | (word & kHighBits);
  return special == 0 ? 8 : static_cast<std::size_t>(std::countr_zero(special)) / 8;
}

// The first byte from `p` on that is not plain, or one of the last seven.
inline const char* SkipPlain(const char* p, const char* end) {
  while (end - p >= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    const std::size_t plain = PlainBytes(word);
    p += plain;
    if (plain != 8) break;
  }
  return p;
}

}  // namespace strict_json

// Strings without escapes, all in ASCII, end here: most do, and nearly all keys.
inline bool StrictJson::ReadString(JsonScalar& scalar) {
  const char* const p = strict_json::SkipPlain(at_ + 1, end_);
  if (p == end_ || *p != '"') return ReadRestOfString(scalar, p);
  scalar = {JsonKind::String, false, false, static_cast<std::uint32_t>(p + 1 - at_), at_};
  at_ = p + 1;
  return true;
}

inline bool StrictJson::ReadScalar(JsonScalar& scalar) {
  const char c = Peek();
  if (c == '"') {
    if (!ReadString(scalar)) return false;
    if (scalar.is_unreadable) Refuse("lone surrogate in a string");
    return true;
  }
  if (c == '-' || (c >= '0' && c <= '9')) return ReadNumber(scalar);
  return ReadLiteral(scalar);
}

inline bool StrictJson::ReadKey(std::string_view& key) {
  if (Peek() != '"') return Fail("a key in quotes is missing");
  JsonScalar scalar;
  if (!ReadString(scalar)) return false;
  if (scalar.is_unreadable) Refuse("lone surrogate in a key");
  key = room_.Text(scalar.raw(), scalar.has_escapes);
  SkipSpace();
  if (Peek() != ':') return Fail("a colon is missing after a key");
  ++at_;
  SkipSpace();
  return true;
}

// `count`: members of the record, this one included.
inline void StrictJson::CheckKey(std::string_view key, std::uint32_t count) {
  if (is_refused()) return;  // and so the keys of one record are few or all different
  const auto known = count <= kMembersMax ? keys_.Add(key) : std::nullopt;
  if (known || count > kMembersMax || key == "__proto__") RefuseKey(key, count, known);
}

// Text of the sender's for a refusal: without line breaks or control characters, at most 64 bytes,
// between backticks.
std::string Quoted(std::string_view text);

template <typename Visitor>
void StrictJson::Scan(std::string_view text, typename Visitor::Place place, Visitor& visitor) {
  using Place = typename Visitor::Place;
  static_assert(std::is_trivially_default_constructible_v<Place>, "levels are not cleared");
  std::array<Level<Place>, kDepthMax> levels;
  std::size_t depth = 0;
  Begin(text);
  SkipSpace();
  for (;;) {
    // A value begins at at_, for `place`.
    if (const char c = Peek(); c == '{' || c == '[') {
      if (depth == kDepthMax) {
        Refuse("nested deeper than " + std::to_string(kDepthMax) + " levels");
        outcome_.stopped = true;
        return;
      }
      const bool is_record = c == '{';
      visitor.Open(place, is_record);
      levels[depth++] = {place, at_, 0, is_record};
      if (is_record) keys_.OpenRecord(place.refuses_case_variants);
      ++at_;
      SkipSpace();
      if (Peek() != (is_record ? '}' : ']')) {
        if (is_record) {
          std::string_view key;
          if (!ReadKey(key)) return;
          CheckKey(key, 1);
          levels[depth - 1].count = 1;
          place = visitor.Member(levels[depth - 1].place, key);
        } else {
          place = visitor.Element(levels[depth - 1].place, 0);
        }
        continue;
      }
    } else {
      JsonScalar scalar;
      if (!ReadScalar(scalar)) return;
      visitor.Scalar(place, scalar);
    }
    // A value has ended: closes what ends with it, and goes to the next value.
    for (;;) {
      SkipSpace();
      if (depth == 0) {
        if (at_ != end_) Fail("text after the value");
        return;
      }
      Level<Place>& level = levels[depth - 1];
      const char c = Peek();
      if (c == ',') {
        ++at_;
        SkipSpace();
        ++level.count;
        if (!level.is_record) {
          place = visitor.Element(level.place, level.count);
          break;
        }
        std::string_view key;
        if (!ReadKey(key)) return;
        CheckKey(key, level.count);
        place = visitor.Member(level.place, key);
        break;
      }
      if (c != (level.is_record ? '}' : ']')) {
        Fail(level.is_record ? "a comma or } is missing" : "a comma or ] is missing");
        return;
      }
      ++at_;
      if (level.is_record) keys_.CloseRecord();
      visitor.Close(level.place, level.is_record,
                    {level.begin, static_cast<std::size_t>(at_ - level.begin)});
      --depth;
    }
  }
}

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_STRICT_JSON_H_
