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
//
// It may know from an earlier text what Member would say of a key without doing anything else:
//
//   const Known* Predict(const Place& record, const char* text);    a guess: null, or the key and a
//                                                  quote stand at `text`; 16 bytes can be read
//                                                  there
//   const Known* Recall(const Place& record, const JsonKey& key);   null, or of the key
//   Place PlaceOf(const Known& known);                              what Member would return
//
// A Known has the `hash` of the key and its `size`.
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
  std::string_view text;   // unescaped
  std::uint64_t hash;      // where the record refuses case variants its NameHash
  name_hash::Block block;  // the text where it is at most 15 bytes of plain ASCII, else zeros
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
  // Whether the last byte of the text is a closing bracket. Whatever is read inline and is not one
  // ends before it, so only behind a bracket can the text be over.
  enum class Ending : bool { Any, Bracket };

  template <Ending kEnding, typename Visitor>
  void ScanFrom(const char* p, typename Visitor::Place place, Visitor& visitor);

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
  template <Ending kEnding = Ending::Any>
  char At(const char* p) const {
    if constexpr (kEnding == Ending::Bracket) return *p;
    return p != end_ ? *p : '\0';  // NUL is never right in a text
  }
  template <Ending kEnding>
  const char* SkipSpace(const char* p) {
    return At<kEnding>(p) <= ' ' ? SkipSpaceSlowly(p) : p;
  }
  const char* SkipSpaceSlowly(const char* p);
  const char* Fail(const char* error);  // always null
  // Each reads what begins at `p` and returns one past it.
  const char* ReadString(const char* p, JsonKind& kind);
  const char* ReadRestOfString(const char* p, JsonKind& kind);
  const char* ReadEscape(const char* p, JsonKind& kind);
  const char* ReadUnitEscape(const char* p, JsonKind& kind);
  const char* SkipBeyondAscii(const char* p);
  const char* ReadShortNumber(const char* p);  // in a text that ends in a bracket
  const char* ReadNumber(const char* p);
  const char* ReadLiteral(const char* p, JsonKind& kind);
  template <Ending kEnding>
  const char* ReadScalar(const char* p, JsonKind& kind);
  // The key at `p` without its hash, its colon and the space behind it.
  template <Ending kEnding>
  const char* ReadKey(const char* p, JsonKey& key);
  const char* ReadAnyKey(const char* p, JsonKey& key);
  template <typename Visitor>
  typename Visitor::Place PlaceOfMember(Level<typename Visitor::Place>& level, JsonKey& key,
                                        Visitor& visitor);
  template <typename Visitor>
  bool ReadPredictedKey(const char*& p, Level<typename Visitor::Place>& level,
                        typename Visitor::Place& place, Visitor& visitor);
  // What stands behind a key up to the value.
  template <Ending kEnding>
  const char* SkipColon(const char* p);
  void CheckKey(KeySet::Record& record, std::uint32_t count, const JsonKey& key);
  void AddKey(KeySet::Record& record, std::uint32_t count, std::string_view key,
              std::uint64_t hash);
  // Null: the record has too many members.
  void RefuseKey(std::string_view key, const std::string_view* known);

  const char* end_ = nullptr;
  ScanOutcome outcome_;
  KeySet keys_;
  TextRoom room_;
};

namespace strict_json {

inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x8080808080808080;

constexpr bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

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

// Integers and decimal fractions as nearly all numbers are; the rest is left to ReadNumber.
[[gnu::always_inline]] inline const char* StrictJson::ReadShortNumber(const char* p) {
  using strict_json::IsDigit;
  constexpr std::ptrdiff_t kShortBytesMax = 32;
  static_assert(kShortBytesMax <= static_cast<std::ptrdiff_t>(kNumberBytesMax));
  const char* at = *p == '-' ? p + 1 : p;
  const bool may_be_next = *at != '0' || !IsDigit(at[1]);
  const char* digits = at;
  while (IsDigit(*at)) ++at;
  bool is_number = may_be_next && at != digits;
  if (*at == '.') {
    digits = ++at;
    while (IsDigit(*at)) ++at;
    is_number = is_number && at != digits;
  }
  const bool has_exponent = (*at | 0x20) == 'e';
  return is_number && !has_exponent && at - p <= kShortBytesMax ? at : ReadNumber(p);
}

// Strings without escapes, all in ASCII, end here: most do, and nearly all keys.
[[gnu::always_inline]] inline const char* StrictJson::ReadString(const char* p, JsonKind& kind) {
  kind = JsonKind::String;
  p = strict_json::SkipPlain(p + 1, end_);
  if (p == end_ || *p != '"') [[unlikely]] {
    return ReadRestOfString(p, kind);
  }
  return p + 1;
}

template <StrictJson::Ending kEnding>
[[gnu::always_inline]] inline const char* StrictJson::ReadScalar(const char* p, JsonKind& kind) {
  const char c = At<kEnding>(p);
  if (c == '"') {
    p = ReadString(p, kind);
    if (kind == JsonKind::UnreadableString) Refuse("lone surrogate in a string");
    return p;
  }
  if (c == '-' || strict_json::IsDigit(c)) {
    kind = JsonKind::Number;
    if constexpr (kEnding == Ending::Bracket) return ReadShortNumber(p);
    return ReadNumber(p);
  }
  return ReadLiteral(p, kind);
}

template <StrictJson::Ending kEnding>
[[gnu::always_inline]] inline const char* StrictJson::SkipColon(const char* p) {
  p = SkipSpace<kEnding>(p);
  if (At<kEnding>(p) != ':') return Fail("a colon is missing after a key");
  return SkipSpace<kEnding>(p + 1);
}

template <StrictJson::Ending kEnding>
[[gnu::always_inline]] inline const char* StrictJson::ReadKey(const char* p, JsonKey& key) {
  constexpr std::size_t kBlockBytes = name_hash::kBlockBytes;
  if (At<kEnding>(p) != '"') return Fail("a key in quotes is missing");
  const char* const begin = p + 1;
  const std::size_t size = end_ - begin > static_cast<std::ptrdiff_t>(kBlockBytes)
                               ? strict_json::PlainOfSixteen(begin)
                               : kBlockBytes;
  if (size < kBlockBytes && begin[size] == '"') [[likely]] {
    p = begin + size + 1;
    key.text = {begin, size};
    key.block = name_hash::LoadNameInBlock(begin, size);
  } else {
    p = ReadAnyKey(p, key);
    if (p == nullptr) return p;
  }
  return SkipColon<kEnding>(p);
}

// The place of the value of `key`, the `count`th member of `level`.
template <typename Visitor>
[[gnu::always_inline]] inline typename Visitor::Place StrictJson::PlaceOfMember(
    Level<typename Visitor::Place>& level, JsonKey& key, Visitor& visitor) {
  if constexpr (requires { visitor.Recall(level.place, key); }) {
    if (const auto* const known = visitor.Recall(level.place, key)) [[likely]] {
      key.hash = known->hash;
      AddKey(level.keys, level.count, key.text, key.hash);
      return visitor.PlaceOf(*known);
    }
  }
  const bool ignores_case = level.keys.ignores_case;
  key.hash = key.block.first != 0 ? keys_.HashBlock(key.block, key.text.size(), ignores_case)
                                  : keys_.Hash(key.text, ignores_case);
  CheckKey(level.keys, level.count, key);
  return visitor.Member(level.place, key);
}

// Whether the key at `p` is the one that the visitor guesses: then its member's place is set, and
// `p` is one past its quotes.
template <typename Visitor>
[[gnu::always_inline]] inline bool StrictJson::ReadPredictedKey(
    const char*& p, Level<typename Visitor::Place>& level, typename Visitor::Place& place,
    Visitor& visitor) {
  if constexpr (requires { visitor.Predict(level.place, p); }) {
    constexpr auto kBytesRead = static_cast<std::ptrdiff_t>(name_hash::kBlockBytes + 1);
    if (end_ - p < kBytesRead || *p != '"') return false;
    const auto* const known = visitor.Predict(level.place, p + 1);
    if (known == nullptr) return false;
    AddKey(level.keys, level.count, {p + 1, known->size}, known->hash);
    place = visitor.PlaceOf(*known);
    p += known->size + 2;
    return true;
  }
  return false;
}

// `count`: members of the record, this one included.
[[gnu::always_inline]] inline void StrictJson::CheckKey(KeySet::Record& record, std::uint32_t count,
                                                        const JsonKey& key) {
  if (is_refused()) return;  // and so the keys of one record are few or all different
  if (key.text == "__proto__") [[unlikely]] {
    return Refuse("the key `__proto__` is not accepted");
  }
  AddKey(record, count, key.text, key.hash);
}

// REQUIRES: nothing was refused yet.
[[gnu::always_inline]] inline void StrictJson::AddKey(KeySet::Record& record, std::uint32_t count,
                                                      std::string_view key, std::uint64_t hash) {
  const std::string_view* const known =
      count <= kMembersMax ? keys_.Add(record, key, hash) : nullptr;
  if (known != nullptr || count > kMembersMax) [[unlikely]] {
    RefuseKey(key, known);
  }
}

// Text of the sender's for a refusal: without line breaks or control characters, at most 64 bytes,
// between backticks.
std::string Quoted(std::string_view text);

template <typename Visitor>
void StrictJson::Scan(std::string_view text, typename Visitor::Place place, Visitor& visitor) {
  const char* const p = Begin(text);
  if (text.ends_with('}') || text.ends_with(']')) [[likely]] {
    ScanFrom<Ending::Bracket>(p, place, visitor);
  } else {
    ScanFrom<Ending::Any>(p, place, visitor);
  }
}

template <StrictJson::Ending kEnding, typename Visitor>
void StrictJson::ScanFrom(const char* p, typename Visitor::Place place, Visitor& visitor) {
  using Place = typename Visitor::Place;
  static_assert(std::is_trivially_default_constructible_v<Level<Place>>, "levels are not cleared");
  std::array<Level<Place>, kDepthMax + 1> levels;  // the first is not used: outside of all
  Level<Place>* const outside = levels.data();
  Level<Place>* level = outside;
  p = SkipSpace<kEnding>(p);
  for (;;) {
    // A value begins at p, for `place`.
    bool has_begun = false;  // a list or record that is not empty
    const char first = At<kEnding>(p);
    if (first == '{' || first == '[') {
      if (level == outside + kDepthMax) {
        Refuse("nested deeper than " + std::to_string(kDepthMax) + " levels");
        outcome_.stopped = true;
        return;
      }
      const bool is_record = first == '{';
      visitor.Open(place, is_record);
      ++level;
      level->place = place;
      level->begin = p;
      level->count = 0;
      level->is_record = is_record;
      level->keys = keys_.Open(place.refuses_case_variants());
      p = SkipSpace<kEnding>(p + 1);
      has_begun = At<kEnding>(p) != (is_record ? '}' : ']');
    } else {
      const char* const begin = p;
      JsonKind kind = JsonKind::Null;
      p = ReadScalar<kEnding>(p, kind);
      if (p == nullptr) return;
      visitor.Scalar(place, kind, {begin, static_cast<std::size_t>(p - begin)});
      p = SkipSpace<kEnding>(p);
      if (kEnding == Ending::Bracket && *p == ',' && level != outside) {  // as mostly it is
        p = SkipSpace<kEnding>(p + 1);
        has_begun = true;
      }
    }
    // A value has ended at p, unless it has just begun: closes what ends with it. Behind a bracket
    // the text may be over.
    while (!has_begun) {
      const char c = At(p);
      if (level == outside) {
        if (p != end_) Fail("text after the value");
        return;
      }
      if (c == ',') {
        p = SkipSpace<kEnding>(p + 1);
        break;
      }
      if (c != (level->is_record ? '}' : ']')) {
        Fail(level->is_record ? "a comma or } is missing" : "a comma or ] is missing");
        return;
      }
      ++p;
      keys_.Close(level->keys);
      visitor.Close(level->place, level->is_record,
                    {level->begin, static_cast<std::size_t>(p - level->begin)});
      --level;
      p = SkipSpace<Ending::Any>(p);
    }
    // The next member or element begins at p.
    ++level->count;
    if (level->is_record) {
      if (ReadPredictedKey(p, *level, place, visitor)) {
        p = SkipColon<kEnding>(p);
        if (p == nullptr) return;
        continue;
      }
      JsonKey key;
      p = ReadKey<kEnding>(p, key);
      if (p == nullptr) return;
      place = PlaceOfMember(*level, key, visitor);
    } else {
      place = visitor.Element(level->place, level->count - 1);
    }
  }
}

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_STRICT_JSON_H_
