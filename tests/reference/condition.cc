#include "tests/reference/condition.h"

#include <re2/re2.h>

#include <algorithm>

#include "tests/reference/number.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

constexpr std::size_t kSubjectBytesMax = 65536;
constexpr std::size_t kElementsMax = 1024;

using Kind = Json::Kind;

Truth From(bool value) { return value ? Truth::True : Truth::False; }

Truth From(std::optional<bool> value) { return value ? From(*value) : Truth::Unknown; }

bool Orders(const std::string& op, int comparison) {
  if (op == "lt") return comparison < 0;
  if (op == "lte") return comparison <= 0;
  if (op == "gt") return comparison > 0;
  return comparison >= 0;
}

// How the numbers of a value are read: UsableNumber for those of a call, ExactNumber for those that
// the policy itself supplies.
using ReadNumber = std::optional<Digits> (*)(std::string_view text);

// `==` on two scalars, the second of which the policy has written.
Truth Equal(const Json& value, const Json& written, ReadNumber read) {
  if (value.kind != written.kind) return Truth::Unknown;
  switch (value.kind) {
    case Kind::String:
      return From(value.text == written.text);
    case Kind::Bool:
      return From(value.boolean == written.boolean);
    case Kind::Number: {
      const auto x = read(value.text);
      const auto y = ExactNumber(written.text);
      return x && y ? From(*x == *y) : Truth::Unknown;
    }
    default:
      return Truth::Unknown;
  }
}

Truth Compare(const std::string& op, const Json& value, const Json& operand, ReadNumber read) {
  if (!value.Is(Kind::Number) || !operand.Is(Kind::Number)) return Truth::Unknown;
  const auto a = read(value.text);
  const auto b = ExactNumber(operand.text);
  if (!a || !b) return Truth::Unknown;
  return From(Orders(op, CompareNumbers(*a, *b)));
}

Truth TestTime(const std::string& op, std::int64_t time_ns, const Json& operand) {
  const auto other = operand.Is(Kind::String) ? ReadTime(operand.text) : std::nullopt;
  if (!other) return Truth::Unknown;
  const int comparison = time_ns < *other ? -1 : time_ns > *other ? 1 : 0;
  if (op == "eq") return From(comparison == 0);
  if (op == "neq") return From(comparison != 0);
  if (op == "lt" || op == "lte" || op == "gt" || op == "gte") return From(Orders(op, comparison));
  return Truth::Unknown;
}

Truth In(const Json& value, const Json& set, ReadNumber read) {
  Truth result = Truth::False;
  for (const Json& member : set.items) result = Or(result, Equal(value, member, read));
  return result;
}

Truth Contains(const Json& value, const Json& operand, ReadNumber read) {
  if (value.Is(Kind::String))
    return operand.Is(Kind::String) ? From(value.text.find(operand.text) != std::string::npos)
                                    : Truth::Unknown;
  if (!value.Is(Kind::List) || value.items.size() > kElementsMax) return Truth::Unknown;
  bool unknown = false;
  for (const Json& item : value.items) {
    const Truth equal = Equal(item, operand, read);
    if (equal == Truth::True) return Truth::True;
    if (equal == Truth::Unknown) unknown = true;
    if (item.Is(Kind::String) && operand.Is(Kind::String) &&
        item.text.find(operand.text) != std::string::npos)
      unknown = true;
  }
  return unknown ? Truth::Unknown : Truth::False;
}

Truth Matches(const std::string& text, const std::string& expression) {
  RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  const RE2 regex(expression, options);
  if (!regex.ok()) return Truth::Unknown;
  return From(RE2::PartialMatch(text, regex));
}

Truth HostIn(const std::string& text, const Json& operand) {
  const auto host = HostOf(text);
  if (!host) return Truth::Unknown;
  if (operand.Is(Kind::String)) return From(HostMatches(*host, operand.text));
  return From(std::any_of(operand.items.begin(), operand.items.end(),
                          [&](const Json& entry) { return HostMatches(*host, entry.text); }));
}

Truth TestText(const std::string& op, const Json& value, const Json& operand) {
  if (!value.Is(Kind::String)) return Truth::Unknown;
  if (op == "under") return From(IsUnder(value.text, operand.text));
  if (op == "host_in") return HostIn(value.text, operand);
  if (value.text.size() > kSubjectBytesMax) return Truth::Unknown;
  if (op == "regex") return Matches(value.text, operand.text);
  if (op == "starts_with") return From(value.text.starts_with(operand.text));
  if (op == "ends_with") return From(value.text.ends_with(operand.text));
  return Truth::Unknown;
}

Truth TestValue(const std::string& op, const Json& value, const Json& operand, ReadNumber read) {
  if (op == "eq") return Equal(value, operand, read);
  if (op == "neq") return Not(Equal(value, operand, read));
  if (op == "in") return In(value, operand, read);
  if (op == "not_in") return Not(In(value, operand, read));
  if (op == "lt" || op == "lte" || op == "gt" || op == "gte")
    return Compare(op, value, operand, read);
  if (op == "contains") return Contains(value, operand, read);
  return TestText(op, value, operand);
}

Truth Exists(const Found& found) {
  switch (found.kind) {
    case Found::Kind::Absent:
      return Truth::False;
    case Found::Kind::Broken:
      return Truth::Unknown;
    case Found::Kind::Time:
      return Truth::True;
    case Found::Kind::Value:
      return found.value->Is(Kind::Null) ? Truth::Unknown : Truth::True;
  }
  return Truth::Unknown;
}

}  // namespace

Truth Not(Truth a) {
  if (a == Truth::Unknown) return a;
  return a == Truth::True ? Truth::False : Truth::True;
}

Truth And(Truth a, Truth b) {
  if (a == Truth::False || b == Truth::False) return Truth::False;
  return a == Truth::True && b == Truth::True ? Truth::True : Truth::Unknown;
}

Truth Or(Truth a, Truth b) { return Not(And(Not(a), Not(b))); }

Found Walk(const Json& root, const std::vector<Step>& steps) {
  const Json* at = &root;
  for (const Step& step : steps) {
    if (step.index) {
      if (!at->Is(Kind::List) || *step.index >= at->items.size())
        return {Found::Kind::Broken, nullptr, 0};
      at = &at->items[*step.index];
      continue;
    }
    if (!at->Is(Kind::Record)) return {Found::Kind::Broken, nullptr, 0};
    at = at->Find(step.name);
    if (at == nullptr) return {Found::Kind::Absent, nullptr, 0};
  }
  return {Found::Kind::Value, at, 0};
}

Truth Test(const Condition& condition, const Found& found) {
  if (condition.op == "exists") {
    const bool negated =
        condition.value && condition.value->Is(Kind::Bool) && !condition.value->boolean;
    const bool supplied = found.kind == Found::Kind::Absent && condition.absent;
    const Truth exists = supplied ? Truth::True : Exists(found);
    return negated ? Not(exists) : exists;
  }
  if (!condition.value) return Truth::Unknown;
  if (found.kind == Found::Kind::Time)
    return TestTime(condition.op, found.time_ns, *condition.value);
  if (found.kind == Found::Kind::Absent && condition.absent)
    return TestValue(condition.op, *condition.absent, *condition.value, ExactNumber);
  if (found.kind != Found::Kind::Value) return Truth::Unknown;
  return TestValue(condition.op, *found.value, *condition.value, UsableNumber);
}

}  // namespace reference
