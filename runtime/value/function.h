// The functions of the expression language over values of a call, one implementation for all: the
// compiler folds with it, engines compute with it.
#ifndef RUNTIME_VALUE_FUNCTION_H_
#define RUNTIME_VALUE_FUNCTION_H_

#include <cstdint>
#include <string_view>

#include "runtime/value/text_room.h"
#include "runtime/value/truth.h"
#include "runtime/value/value.h"

namespace policy {

enum class Function : std::uint8_t {
#define FUNCTION(name, text, operands) name,
#include "runtime/value/functions.def"
#undef FUNCTION
};
inline constexpr std::size_t kFunctionCount = 0
#define FUNCTION(name, text, operands) +1
#include "runtime/value/functions.def"
#undef FUNCTION
    ;

std::string_view NameOf(Function function);  // "domain", "+"
int OperandCountOf(Function function);       // 1 or 2

// The raw JSON text of one value (read strictly before, without white space around it) as a Value.
// A list or record stays raw text; a string with escapes is unescaped into `room`. `numbers_exact`
// as in Value::boolean of lists. Broken when there is no room.
Value ReadJsonValue(std::string_view raw, bool numbers_exact, TextRoom& room);

// What `function` makes of `first` and `second` (an absent Value where it takes one operand).
// Total: never throws; time and memory linear in the size of its operands; texts it makes are in
// `room` or in its operands.
//
// Broken where an operand is absent (but OrElse's and Member's), null, broken, an inexact number or
// of another type; where there is no room; where a text that it reads or makes is over
// kPatternSubjectBytesMax or a list that it makes or joins over kListElementsMax; and
//   Member    `second` is the name. Absent where the record is, or has no such key; Broken where a
//             key that differs by letter case only stands in its place
//   Element   not a whole number, below 0, over the end
//   Length    never more: strings, lists and records of any size
//   Lower     a letter beyond ASCII that case folding changes or changes others into, and the
//             dotted and dotless i; other scripts stay as they are
//   Domain    as mail_text.h says       Words     as shell_words.h says
//   SqlVerbs  as sql_verbs.h says       Host, Scheme, Port: as url_text.h says
//   Split     an empty separator. Left to right, without overlaps, nothing trimmed: "" is one piece
//   Join      an element that is no string. [] is ""
//   Add …     a result that is no exact Decimal, or beyond 64-bit nanoseconds: never rounded. The
//             time or duration is on the left, the duration or whole number on the right
//   Time      not as ParseInstant of civil_time.h has it and, read in the zone, not as
//             ParseLocalTime has it; a zone that is not in the data base where it is needed
Value ApplyFunction(Function function, const Value& first, const Value& second, TextRoom& room);

// How two values of one call compare: tests whose right side is no constant.
enum class Relation : std::uint8_t {
  Equal,  // two scalars of one type
  Less,   // two numbers, two durations or two times
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  In,        // a scalar and a list: some element equals it; if none, unknown when an element has
             // another type
  Contains,  // as the predicate, by the type of the second
  StartsWith,
  EndsWith,
  Under,  // unknown where the second is no plain root
};
inline constexpr std::size_t kRelationCount = 10;
std::string_view NameOf(Relation relation);  // "==", "in"

// Unknown where either value is anything else than the relation takes.
Truth ApplyRelation(Relation relation, const Value& left, const Value& right);

}  // namespace policy

#endif  // RUNTIME_VALUE_FUNCTION_H_
