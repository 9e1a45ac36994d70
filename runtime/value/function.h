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
// Total: never throws; time and memory bounded by the size of its operands; texts it makes are in
// `room` or in its operands. Broken where it does not understand, where an operand is absent (but
// OrElse and Member), null, broken, inexact or of another type, and where there is no room. Member:
// `second` is a String, the member's name: absent where the record, or anything before it, is
// absent; broken where a name that differs by letter case only stands in its place.
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
