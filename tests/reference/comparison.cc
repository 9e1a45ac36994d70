#include "tests/reference/comparison.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tests/reference/number.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

using Kind = Value::Kind;

Truth From(bool value) { return value ? Truth::True : Truth::False; }

Truth From(std::optional<bool> value) { return value ? From(*value) : Truth::Unknown; }

bool IsScalar(const Value& value) {
  switch (value.kind) {
    case Kind::Bool:
    case Kind::String:
    case Kind::Time:
    case Kind::Duration:
      return true;
    case Kind::Number:
      return value.number.has_value();
    default:
      return false;
  }
}

// Two scalars of one type.
Truth Equal(const Value& a, const Value& b) {
  if (!IsScalar(a) || !IsScalar(b) || a.kind != b.kind) return Truth::Unknown;
  switch (a.kind) {
    case Kind::Bool:
      return From(a.boolean == b.boolean);
    case Kind::String:
      return From(a.text == b.text);
    case Kind::Number:
      return From(*a.number == *b.number);
    default:
      return From(a.nanoseconds == b.nanoseconds);
  }
}

// Two numbers, two durations or two times.
Truth Order(const std::string& op, const Value& a, const Value& b) {
  if (!IsScalar(a) || !IsScalar(b) || a.kind != b.kind) return Truth::Unknown;
  if (a.Is(Kind::Bool) || a.Is(Kind::String)) return Truth::Unknown;
  int order = a.nanoseconds < b.nanoseconds ? -1 : a.nanoseconds > b.nanoseconds ? 1 : 0;
  if (a.Is(Kind::Number)) order = CompareNumbers(*a.number, *b.number);
  if (op == "lt") return From(order < 0);
  if (op == "lte") return From(order <= 0);
  if (op == "gt") return From(order > 0);
  return From(order >= 0);
}

Truth In(const Value& value, const Value& set) {
  if (!IsScalar(value) || !set.Is(Kind::List) || set.items.size() > kElementsMax)
    return Truth::Unknown;
  Truth result = Truth::False;
  for (const Value& member : set.items) result = Or(result, Equal(value, member));
  return result;
}

Truth Contains(const Value& value, const Value& operand) {
  if (!IsScalar(operand)) return Truth::Unknown;
  if (value.Is(Kind::String))
    return operand.Is(Kind::String) ? From(value.text.find(operand.text) != std::string::npos)
                                    : Truth::Unknown;
  if (!value.Is(Kind::List) || value.items.size() > kElementsMax) return Truth::Unknown;
  bool unknown = false;
  for (const Value& item : value.items) {
    const Truth equal = Equal(item, operand);
    if (equal == Truth::True) return Truth::True;
    if (equal == Truth::Unknown) unknown = true;
    if (item.Is(Kind::String) && operand.Is(Kind::String) &&
        item.text.find(operand.text) != std::string::npos)
      unknown = true;
  }
  return unknown ? Truth::Unknown : Truth::False;
}

Truth Matches(const std::string& text, const std::string& expression) {
  // Building an expression costs more than all the rest of a decision.
  static std::map<std::string, std::unique_ptr<RE2>> built;
  auto& regex = built[expression];
  if (!regex) {
    RE2::Options options;
    options.set_dot_nl(true);
    options.set_log_errors(false);
    regex = std::make_unique<RE2>(expression, options);
  }
  return regex->ok() ? From(RE2::PartialMatch(text, *regex)) : Truth::Unknown;
}

Truth HostIn(const std::string& text, const Value& operand) {
  const auto url = ReadUrl(text);
  if (!url) return Truth::Unknown;
  if (operand.Is(Kind::String)) return From(HostMatches(url->host, operand.text));
  return From(std::any_of(operand.items.begin(), operand.items.end(),
                          [&](const Value& entry) { return HostMatches(url->host, entry.text); }));
}

Truth TestText(const std::string& op, const Value& value, const Value& operand) {
  if (!value.Is(Kind::String)) return Truth::Unknown;
  if (op == "host_in") return HostIn(value.text, operand);
  if (!operand.Is(Kind::String)) return Truth::Unknown;
  if (op == "under") return From(IsUnder(value.text, operand.text));
  if (value.text.size() > kSubjectBytesMax) return Truth::Unknown;
  if (op == "regex") return Matches(value.text, operand.text);
  if (op == "like") return From(MatchesPattern(operand.text, value.text));
  if (op == "starts_with") return From(value.text.starts_with(operand.text));
  if (op == "ends_with") return From(value.text.ends_with(operand.text));
  return Truth::Unknown;
}

}  // namespace

Truth Compare(const std::string& op, const Value& left, const Value& right) {
  if (op == "eq") return Equal(left, right);
  if (op == "neq") return Not(Equal(left, right));
  if (op == "in") return In(left, right);
  if (op == "not_in") return Not(In(left, right));
  if (op == "lt" || op == "lte" || op == "gt" || op == "gte") return Order(op, left, right);
  if (op == "contains") return Contains(left, right);
  return TestText(op, left, right);
}

}  // namespace reference
