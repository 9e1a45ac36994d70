// What an expression makes of a call: a value, nothing, or something of which nothing can be said.
#ifndef TESTS_REFERENCE_VALUE_H_
#define TESTS_REFERENCE_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/reference/json.h"
#include "tests/reference/number.h"

namespace reference {

enum class Truth { False, Unknown, True };

Truth Not(Truth a);
Truth And(Truth a, Truth b);
Truth Or(Truth a, Truth b);

struct Value {
  // Absent: no such key, and every present parent is a record. Unknown: nothing can be said.
  enum class Kind { Unknown, Absent, Null, Bool, Number, String, List, Record, Time, Duration };

  Kind kind = Kind::Unknown;
  bool boolean = false;
  std::optional<Digits> number;  // nullopt: a number that conditions may not use
  std::string text;
  std::vector<Value> items;       // List; Record: by `keys`
  std::vector<std::string> keys;  // Record
  std::int64_t nanoseconds = 0;   // Time: since 1970; Duration

  static Value Unknown() { return {}; }
  static Value Absent();
  static Value Bool(bool value);
  // Unknown is no bool.
  static Value Of(Truth truth);
  static Value Number(Digits number);
  static Value Count(std::size_t count);
  static Value String(std::string text);
  static Value List(std::vector<Value> items);
  static Value Time(std::int64_t nanoseconds);
  static Value Duration(std::int64_t nanoseconds);

  bool Is(Kind k) const { return kind == k; }
};

// True and false are a bool's; everything else is unknown.
Truth TruthOf(const Value& value);

// How the numbers of a value are read: UsableNumber for those of a call, ExactNumber for those that
// the policy itself writes.
using ReadNumber = std::optional<Digits> (*)(std::string_view text);

Value ValueOf(const Json& json, ReadNumber read);

}  // namespace reference

#endif  // TESTS_REFERENCE_VALUE_H_
