// The primitive tests of the language, one function for all: the compiler folds with it, the
// interpreter decides with it.
#ifndef RUNTIME_VALUE_PREDICATE_H_
#define RUNTIME_VALUE_PREDICATE_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/value/decimal.h"
#include "runtime/value/truth.h"
#include "runtime/value/value.h"

namespace re2 {
class RE2;
}

namespace policy {

enum class Predicate : std::uint8_t {
#define PREDICATE(name, text, operand) name,
#include "runtime/value/predicates.def"
#undef PREDICATE
};

enum class OperandKind : std::uint8_t {
  None,
  String,
  Number,
  Bool,
  Time,  // nanoseconds since the Unix epoch
  Regex,
  StringSet,  // sorted bytewise, distinct
  NumberSet,  // sorted by Compare, distinct
  BoolSet,
  Duration,  // nanoseconds
};

inline constexpr std::size_t kPatternSubjectBytesMax =
    64 * 1024;  // strings longer than this are unknown to patterns
inline constexpr std::size_t kListElementsMax =
    1024;  // lists longer than this are unknown to contains

// A text of at most eight bytes as one word (text_hash::LoadShort); with its size it is the text.
struct ShortText {
  std::uint64_t word = 0;
  std::uint64_t size = 0;
};

// A constant as the predicates read it. Refers to storage that its owner (a loaded Program, the
// compiler) keeps.
struct Operand {
  OperandKind kind = OperandKind::None;
  bool boolean = false;                       // Bool
  bool set_has_false = false;                 // BoolSet
  bool set_has_true = false;                  // BoolSet
  std::string_view text;                      // String, Regex (its source)
  Decimal number;                             // Number
  std::int64_t nanoseconds = 0;               // Time, Duration
  const re2::RE2* regex = nullptr;            // Regex: compiled, bounded in memory
  std::span<const std::string_view> strings;  // StringSet
  std::span<const Decimal> numbers;           // NumberSet
  // StringSet: open addressing over indices into `strings`, power-of-two size, kEmptyEntry where
  // free; may be empty (then the sorted order is searched). The hash is HashBytes of text_hash.h.
  std::span<const std::uint32_t> string_table;
  // StringSet: the members again, where they are few and short; may be empty.
  std::span<const ShortText> shorts;
};

inline constexpr std::size_t kShortsMax = 8;

inline constexpr std::uint32_t kEmptyEntry = 0xFFFFFFFF;

OperandKind OperandOf(Predicate predicate);
std::string_view NameOf(Predicate predicate);  // "eq", "under": for messages and dumps

// What `predicate` says of `value`. Total: never throws, never allocates (RE2 excepted), bounded by
// the value's size. Absent, broken, null and wrongly typed values are Unknown but for Exists and
// IsNull. REQUIRES: operand.kind == OperandOf(predicate).
Truth Apply(Predicate predicate, const Value& value, const Operand& operand);

}  // namespace policy

#endif  // RUNTIME_VALUE_PREDICATE_H_
