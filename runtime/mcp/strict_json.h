// The one strict JSON reader behind messages, arguments, contexts and eval lines.
//
// Scan goes over every byte of a text once, without recursion, and tells a visitor what stands
// where. What is not JSON (RFC 8259, UTF-8) stops it; what is JSON but could be read differently by
// two readers is noted, and the scan goes on, so that the visitor still learns what the text is and
// whom to answer.
//
// A Visitor has a Place type, a trivial value that says where in the text a value stands and, by
// `refuses_case_variants()`, whether keys of a record there may differ by case only, and
//
//   Place Member(const Place& record, const JsonKey& key);       the place of a member's value
//   Place Element(const Place& list, std::uint32_t index);       of a list's element
//   void Scalar(const Place& place, JsonKind kind, std::string_view raw);
//   void Open(Place& place, bool is_record);                     a list or record begins
//   void Close(const Place& place, bool is_record, std::string_view raw);   … and ends
#ifndef RUNTIME_MCP_STRICT_JSON_H_
#define RUNTIME_MCP_STRICT_JSON_H_

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "runtime/mcp/key_set.h"
#include "runtime/mcp/limits.h"

namespace policy::mcp {

enum class JsonKind : std::uint8_t {
  Null,
  False,
  True,
  Number,
  String,            // what stands between the quotes is its text
  EscapedString,     // Unescape gives its text
  UnreadableString,  // with a lone surrogate: it has no text, and is refused
};

constexpr bool IsString(JsonKind kind) { return kind >= JsonKind::String; }

struct JsonKey {
  std::string_view text;  // unescaped
  std::uint64_t hash;     // where the record refuses case variants its NameHash
};

// Room for unescaped texts of one message: none moves until the next Begin.
class TextRoom {
 public:
  // All the texts to come are together no longer than `bytes`.
  void Begin(std::size_t bytes);
  // The text of a raw JSON string; the bytes between the quotes where it has none.
  std::string_view Text(JsonKind kind, std::string_view raw) {
    return kind == JsonKind::EscapedString ? Unescaped(raw)
                                           : std::string_view(raw.data() + 1, raw.size() - 2);
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
    KeySet::Record keys;  // of a record
  };

  // Where the scan is goes from step to step as a value: through memory, every step would wait for
  // the one before. Null: it is not JSON.
  const char* Begin(std::string_view text);
  char At(const char* p) const { return p != end_ ? *p : '\0'; }  // NUL is never right in a text
  const char* SkipSpace(const char* p) { return At(p) <= ' ' ? SkipSpaceSlowly(p) : p; }
  const char* SkipSpaceSlowly(const char* p);
  const char* Fail(const char* error);  // always null
  // Each reads what begins at `p` and returns one past it.
  const char* ReadString(const char* p, JsonKind& kind);
  const char* ReadRestOfString(const char* p, JsonKind& kind);
  const char* ReadEscape(const char* p, JsonKind& kind);
  const char* ReadUnitEscape(const char* p, JsonKind& kind);
  const char* SkipBeyondAscii(const char* p);
  const char* ReadNumber(const char* p);
  const char* ReadLiteral(const char* p, JsonKind& kind);
  const char* ReadScalar(const char* p, char c, JsonKind& kind);  // c: At(p)
  // The key at `p` of the `count`th member of `record`, its colon and the space behind it.
  const char* ReadKey(const char* p, KeySet::Record& record, std::uint32_t count, JsonKey& key);
  const char* ReadAnyKey(const char* p, const KeySet::Record& record, JsonKey& key);
  void CheckKey(KeySet::Record& record, std::uint32_t count, const JsonKey& key);
  void RefuseKey(std::string_view key, std::uint32_t count, const std::string_view* known);

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

// Bytes of a string before the first of the eight at `p` that is not plain: a quote, a backslash, a
// control character or beyond ASCII. 8 when all are plain.
inline std::size_t PlainOfEight(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  const std::uint64_t special =
      ZeroBytes(word ^ kEachByte * '"') | ZeroBytes(word ^ kEachByte * '\\') |
      ((word - kEachByte * 0x20) & ~word & kHighBits) | (word & kHighBits);
  return special == 0 ? 8 : static_cast<std::size_t>(std::countr_zero(special)) / 8;
}

// The same of sixteen.
inline std::size_t PlainOfSixteen(const char* p) {
#ifdef __SSE2__
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  // Bytes beyond ASCII are negative, and so below the space as control characters are.
  const __m128i special = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                       _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
  return static_cast<std::size_t>(std::countr_zero(mask | 0x10000u));
#else
  const std::size_t plain = PlainOfEight(p);
  return plain != 8 ? plain : 8 + PlainOfEight(p + 8);
#endif
}

// The first byte from `p` on that is not plain, or one of the last seven.
inline const char* SkipPlain(const char* p, const char* end) {
  while (end - p >= 16) {
    const std::size_t plain = PlainOfSixteen(p);
    p += plain;
    if (plain != 16) return p;
  }
  return end - p >= 8 ? p + PlainOfEight(p) : p;
}

}  // namespace strict_json

// Strings without escapes, all in ASCII, end here: most do, and nearly all keys.
[[gnu::always_inline]] inline const char* StrictJson::ReadString(const char* p, JsonKind& kind) {
  kind = JsonKind::String;
  p = strict_json::SkipPlain(p + 1, end_);
  if (p == end_ || *p != '"') [[unlikely]] {
    return ReadRestOfString(p, kind);
  }
  return p + 1;
}

[[gnu::always_inline]] inline const char* StrictJson::ReadScalar(const char* p, char c,
                                                                 JsonKind& kind) {
  if (c == '"') {
    p = ReadString(p, kind);
    if (kind == JsonKind::UnreadableString) Refuse("lone surrogate in a string");
    return p;
  }
  if (c == '-' || (c >= '0' && c <= '9')) {
    kind = JsonKind::Number;
    return ReadNumber(p);
  }
  return ReadLiteral(p, kind);
}

[[gnu::always_inline]] inline const char* StrictJson::ReadKey(const char* p, KeySet::Record& record,
                                                              std::uint32_t count, JsonKey& key) {
  constexpr std::size_t kBlockBytes = name_hash::kBlockBytes;
  if (At(p) != '"') return Fail("a key in quotes is missing");
  const char* const begin = p + 1;
  const std::size_t size = end_ - begin > static_cast<std::ptrdiff_t>(kBlockBytes)
                               ? strict_json::PlainOfSixteen(begin)
                               : kBlockBytes;
  if (size < kBlockBytes && begin[size] == '"') [[likely]] {
    p = begin + size + 1;
    key.text = {begin, size};
    key.hash = keys_.HashInBlock(key.text, record.ignores_case);
  } else {
    p = ReadAnyKey(p, record, key);
    if (p == nullptr) return p;
  }
  p = SkipSpace(p);
  if (At(p) != ':') return Fail("a colon is missing after a key");
  CheckKey(record, count, key);
  return SkipSpace(p + 1);
}

// `count`: members of the record, this one included.
[[gnu::always_inline]] inline void StrictJson::CheckKey(KeySet::Record& record, std::uint32_t count,
                                                        const JsonKey& key) {
  if (is_refused()) return;  // and so the keys of one record are few or all different
  const std::string_view* const known =
      count <= kMembersMax ? keys_.Add(record, key.text, key.hash) : nullptr;
  if (known != nullptr || count > kMembersMax || key.text == "__proto__") [[unlikely]] {
    RefuseKey(key.text, count, known);
  }
}

// Text of the sender's for a refusal: without line breaks or control characters, at most 64 bytes,
// between backticks.
std::string Quoted(std::string_view text);

template <typename Visitor>
void StrictJson::Scan(std::string_view text, typename Visitor::Place place, Visitor& visitor) {
  using Place = typename Visitor::Place;
  static_assert(std::is_trivially_default_constructible_v<Level<Place>>, "levels are not cleared");
  std::array<Level<Place>, kDepthMax> levels;
  std::size_t depth = 0;
  const char* p = SkipSpace(Begin(text));
  for (;;) {
    // A value begins at p, for `place`.
    bool has_begun = false;  // a list or record that is not empty
    const char first = At(p);
    if (first == '{' || first == '[') {
      if (depth == kDepthMax) {
        Refuse("nested deeper than " + std::to_string(kDepthMax) + " levels");
        outcome_.stopped = true;
        return;
      }
      const bool is_record = first == '{';
      visitor.Open(place, is_record);
      Level<Place>& level = levels[depth++];
      level.place = place;
      level.begin = p;
      level.count = 0;
      level.is_record = is_record;
      level.keys = keys_.Open(place.refuses_case_variants());
      p = SkipSpace(p + 1);
      has_begun = At(p) != (is_record ? '}' : ']');
    } else {
      const char* const begin = p;
      JsonKind kind = JsonKind::Null;
      p = ReadScalar(p, first, kind);
      if (p == nullptr) return;
      visitor.Scalar(place, kind, {begin, static_cast<std::size_t>(p - begin)});
      p = SkipSpace(p);
    }
    // A value has ended at p, unless it has just begun: closes what ends with it.
    while (!has_begun) {
      if (depth == 0) {
        if (p != end_) Fail("text after the value");
        return;
      }
      const Level<Place>& level = levels[depth - 1];
      const char c = At(p);
      if (c == ',') {
        p = SkipSpace(p + 1);
        break;
      }
      if (c != (level.is_record ? '}' : ']')) {
        Fail(level.is_record ? "a comma or } is missing" : "a comma or ] is missing");
        return;
      }
      ++p;
      keys_.Close(level.keys);
      visitor.Close(level.place, level.is_record,
                    {level.begin, static_cast<std::size_t>(p - level.begin)});
      --depth;
      p = SkipSpace(p);
    }
    // The next member or element begins at p.
    Level<Place>& level = levels[depth - 1];
    ++level.count;
    if (level.is_record) {
      JsonKey key;
      p = ReadKey(p, level.keys, level.count, key);
      if (p == nullptr) return;
      place = visitor.Member(level.place, key);
    } else {
      place = visitor.Element(level.place, level.count - 1);
    }
  }
}

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_STRICT_JSON_H_
