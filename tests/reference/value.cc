#include "tests/reference/value.h"

#include <utility>

namespace reference {

Truth Not(Truth a) {
  if (a == Truth::Unknown) return a;
  return a == Truth::True ? Truth::False : Truth::True;
}

Truth And(Truth a, Truth b) {
  if (a == Truth::False || b == Truth::False) return Truth::False;
  return a == Truth::True && b == Truth::True ? Truth::True : Truth::Unknown;
}

Truth Or(Truth a, Truth b) { return Not(And(Not(a), Not(b))); }

Value Value::Absent() {
  Value value;
  value.kind = Kind::Absent;
  return value;
}

Value Value::Bool(bool boolean) {
  Value value;
  value.kind = Kind::Bool;
  value.boolean = boolean;
  return value;
}

Value Value::Of(Truth truth) {
  return truth == Truth::Unknown ? Unknown() : Bool(truth == Truth::True);
}

Value Value::Number(Digits number) {
  Value value;
  value.kind = Kind::Number;
  value.number = std::move(number);
  return value;
}

Value Value::Count(std::size_t count) { return Number(ReadDigits(std::to_string(count))); }

Value Value::String(std::string text) {
  Value value;
  value.kind = Kind::String;
  value.text = std::move(text);
  return value;
}

Value Value::List(std::vector<Value> items) {
  Value value;
  value.kind = Kind::List;
  value.items = std::move(items);
  return value;
}

Value Value::Time(std::int64_t nanoseconds) {
  Value value;
  value.kind = Kind::Time;
  value.nanoseconds = nanoseconds;
  return value;
}

Value Value::Duration(std::int64_t nanoseconds) {
  Value value;
  value.kind = Kind::Duration;
  value.nanoseconds = nanoseconds;
  return value;
}

Truth TruthOf(const Value& value) {
  if (!value.Is(Value::Kind::Bool)) return Truth::Unknown;
  return value.boolean ? Truth::True : Truth::False;
}

Value ValueOf(const Json& json, ReadNumber read) {
  Value value;
  switch (json.kind) {
    case Json::Kind::Null:
      value.kind = Value::Kind::Null;
      break;
    case Json::Kind::Bool:
      return Value::Bool(json.boolean);
    case Json::Kind::Number:
      value.kind = Value::Kind::Number;
      value.number = read(json.text);
      break;
    case Json::Kind::String:
      return Value::String(json.text);
    case Json::Kind::List:
      value.kind = Value::Kind::List;
      for (const Json& item : json.items) value.items.push_back(ValueOf(item, read));
      break;
    case Json::Kind::Record:
      value.kind = Value::Kind::Record;
      for (const auto& [key, member] : json.members) {
        value.keys.push_back(key);
        value.items.push_back(ValueOf(member, read));
      }
      break;
  }
  return value;
}

}  // namespace reference
