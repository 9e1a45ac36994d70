// One value of a call as the conditions see it: what stands at a path, or why nothing does.
#ifndef RUNTIME_VALUE_VALUE_H_
#define RUNTIME_VALUE_VALUE_H_

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "runtime/value/decimal.h"

namespace policy {

enum class ValueKind : std::uint8_t {
  Absent = 0,  // no such key, and every parent that is present is a record (or a list long enough
               // to ask)
  Broken,      // a parent is present and is not a record (null counts): nothing can be said
  Null,
  Bool,
  Number,         // exact
  InexactNumber,  // a legal JSON number that is out of the exact range or that a binary64 reader
                  // would change
  String,
  List,      // text is the raw JSON of the list, from [ to ]
  Record,    // text is the raw JSON of the record, from { to }
  Time,      // nanoseconds since the Unix epoch, in `coefficient`
  Duration,  // nanoseconds, in `coefficient`
};

// Trivially copyable; refers to the bytes of the request, or to the frame's arena for an unescaped
// string. 32 bytes.
struct Value {
  ValueKind kind = ValueKind::Absent;
  bool boolean = false;      // Bool; List: numbers within are taken as written (`numbers exact`)
  std::int8_t exponent = 0;  // Number
  std::uint8_t reserved = 0;
  std::uint32_t length = 0;    // bytes of `data`: String (unescaped UTF-8), List, Record, and the
                               // source text of a number
  const char* data = nullptr;  // String, List, Record; for numbers the digits as sent (for messages
                               // and scope keys)
  std::int64_t coefficient = 0;  // Number; Time, Duration: nanoseconds
  std::uint64_t reserved2 = 0;

  std::string_view text() const { return {data, length}; }
  Decimal number() const { return {coefficient, exponent}; }

  static Value MakeNull() {
    Value v;
    v.kind = ValueKind::Null;
    return v;
  }
  static Value MakeBool(bool b) {
    Value v;
    v.kind = ValueKind::Bool;
    v.boolean = b;
    return v;
  }
  static Value MakeString(std::string_view s) {
    Value v;
    v.kind = ValueKind::String;
    v.data = s.data();
    v.length = static_cast<std::uint32_t>(s.size());
    return v;
  }
  static Value MakeNumber(Decimal d) {
    Value v;
    v.kind = ValueKind::Number;
    v.coefficient = d.coefficient;
    v.exponent = d.exponent;
    return v;
  }
  static Value MakeTime(std::int64_t nanoseconds) {
    Value v;
    v.kind = ValueKind::Time;
    v.coefficient = nanoseconds;
    return v;
  }
  static Value MakeDuration(std::int64_t nanoseconds) {
    Value v;
    v.kind = ValueKind::Duration;
    v.coefficient = nanoseconds;
    return v;
  }
  // Of a function that does not understand its operands: every test of it is unknown.
  static Value MakeBroken() {
    Value v;
    v.kind = ValueKind::Broken;
    return v;
  }
};

static_assert(std::is_trivially_copyable_v<Value>, "frames are cleared and copied as bytes");
static_assert(sizeof(Value) == 32);

}  // namespace policy

#endif  // RUNTIME_VALUE_VALUE_H_
