#include "tests/reference/function.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "tests/reference/comparison.h"
#include "tests/reference/number.h"
#include "tests/reference/shell_words.h"
#include "tests/reference/sql.h"
#include "tests/reference/text.h"

namespace reference {
namespace {

using Kind = Value::Kind;
using Operands = std::vector<Value>;

bool AllAre(const Operands& operands, Kind kind) {
  return std::all_of(operands.begin(), operands.end(),
                     [kind](const Value& value) { return value.Is(kind); });
}

Value OfNanoseconds(Kind kind, __int128 nanoseconds) {
  constexpr __int128 kLimit = __int128{1} << 63;
  if (nanoseconds >= kLimit || nanoseconds < -kLimit) return Value::Unknown();
  const auto fits = static_cast<std::int64_t>(nanoseconds);
  return kind == Kind::Time ? Value::Time(fits) : Value::Duration(fits);
}

Value OfNumber(std::optional<Digits> number) {
  return number ? Value::Number(std::move(*number)) : Value::Unknown();
}

bool AreNumbers(const Operands& operands) {
  return AllAre(operands, Kind::Number) && operands[0].number && operands[1].number;
}

// What functions of texts take.
bool IsText(const Value& value) {
  return value.Is(Kind::String) && value.text.size() <= kSubjectBytesMax;
}

bool AreTexts(const Operands& operands) {
  return std::all_of(operands.begin(), operands.end(), IsText);
}

bool IsTimeOrDuration(const Value& value) {
  return value.Is(Kind::Time) || value.Is(Kind::Duration);
}

// Two numbers; a time or a duration and a duration.
Value Add(const Operands& operands) {
  const Value& a = operands.at(0);
  const Value& b = operands.at(1);
  if (AreNumbers(operands)) return OfNumber(AddNumbers(*a.number, *b.number));
  if (!IsTimeOrDuration(a) || !b.Is(Kind::Duration)) return Value::Unknown();
  return OfNanoseconds(a.kind, __int128{a.nanoseconds} + b.nanoseconds);
}

// Two numbers; two times make a duration; a time or a duration less a duration.
Value Subtract(const Operands& operands) {
  const Value& a = operands.at(0);
  const Value& b = operands.at(1);
  if (AreNumbers(operands)) return OfNumber(AddNumbers(*a.number, Negative(*b.number)));
  const bool are_times = a.Is(Kind::Time) && b.Is(Kind::Time);
  if (!IsTimeOrDuration(a) || !(b.Is(Kind::Duration) || are_times)) return Value::Unknown();
  return OfNanoseconds(are_times ? Kind::Duration : a.kind,
                       __int128{a.nanoseconds} - b.nanoseconds);
}

// Two numbers; a duration and a whole number, in either order.
Value Multiply(const Operands& operands) {
  const Value& a = operands.at(0);
  const Value& b = operands.at(1);
  if (AreNumbers(operands)) return OfNumber(MultiplyNumbers(*a.number, *b.number));
  if (b.Is(Kind::Duration) && a.Is(Kind::Number)) return Multiply({b, a});
  if (!a.Is(Kind::Duration) || !b.Is(Kind::Number) || !b.number) return Value::Unknown();
  const auto times = ScaledInteger(*b.number, 0);
  if (!times) return Value::Unknown();
  return OfNanoseconds(Kind::Duration, __int128{a.nanoseconds} * *times);
}

Value Length(const Operands& operands) {
  const Value& value = operands.at(0);
  if (value.Is(Kind::String)) return Value::Count(CodePoints(value.text));
  if (value.Is(Kind::List) || value.Is(Kind::Record)) return Value::Count(value.items.size());
  return Value::Unknown();
}

// A list of texts, as long as lists may be.
Value ListOf(std::vector<std::string> texts) {
  if (texts.size() > kElementsMax) return Value::Unknown();
  std::vector<Value> items;
  for (std::string& text : texts) items.push_back(Value::String(std::move(text)));
  return Value::List(std::move(items));
}

Value Split(const Operands& operands) {
  const std::string& separator = operands.at(1).text;
  if (!AreTexts(operands) || separator.empty()) return Value::Unknown();
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t at = 0; at != std::string::npos; begin = at + separator.size()) {
    at = operands[0].text.find(separator, begin);
    parts.push_back(operands[0].text.substr(begin, at - begin));
  }
  return ListOf(std::move(parts));
}

Value Join(const Operands& operands) {
  const Value& list = operands.at(0);
  if (!list.Is(Kind::List) || !AllAre(list.items, Kind::String)) return Value::Unknown();
  if (!IsText(operands.at(1)) || list.items.size() > kElementsMax) return Value::Unknown();
  std::string joined;
  for (std::size_t i = 0; i < list.items.size(); ++i)
    joined += (i == 0 ? "" : operands[1].text) + list.items[i].text;
  return joined.size() > kSubjectBytesMax ? Value::Unknown() : Value::String(joined);
}

Value TimeOf(const Operands& operands) {
  if (!AreTexts(operands)) return Value::Unknown();
  const auto time_ns = ReadTimeIn(operands.at(0).text, operands.at(1).text);
  return time_ns ? Value::Time(*time_ns) : Value::Unknown();
}

// A function of one text.
template <typename Result>
std::function<Value(const Operands&)> OfText(std::optional<Result> (*read)(std::string_view),
                                             Value (*make)(Result)) {
  return [read, make](const Operands& operands) {
    const auto result = IsText(operands.at(0)) ? read(operands[0].text) : std::optional<Result>();
    return result ? make(*result) : Value::Unknown();
  };
}

Value HostValue(Url url) { return Value::String(url.host); }
Value SchemeValue(Url url) { return Value::String(url.scheme); }
Value PortValue(Url url) { return Value::Count(static_cast<std::size_t>(url.port)); }

}  // namespace

Value ApplyFunction(const std::string& name, const std::vector<Value>& operands,
                    const std::string& zone) {
  static const std::map<std::string, std::function<Value(const Operands&)>> functions = {
      {"length", Length},
      {"lower", OfText(LowerOf, Value::String)},
      {"domain", OfText(DomainOf, Value::String)},
      {"host", OfText(ReadUrl, HostValue)},
      {"scheme", OfText(ReadUrl, SchemeValue)},
      {"port", OfText(ReadUrl, PortValue)},
      {"split", Split},
      {"join", Join},
      {"words", OfText(ShellWordsOf, ListOf)},
      {"sql_verbs", OfText(SqlVerbsOf, ListOf)},
      {"time", TimeOf},
      {"+", Add},
      {"-", Subtract},
      {"*", Multiply},
  };
  if (name == "time" && operands.size() == 1) return TimeOf({operands[0], Value::String(zone)});
  return functions.at(name)(operands);
}

}  // namespace reference
