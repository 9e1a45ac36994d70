#include "compiler/analyse/domain.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ir/access.h"

namespace policy {

namespace {

Value ValueOf(ValueKind kind) {
  Value value;
  value.kind = kind;
  return value;
}

// Values of forms about whose content no condition asks.
FormAnswer SolveSingle(ConditionTable& conditions, const Value& value, Sample sample,
                       std::span<const Asked> asked) {
  if (Satisfies(conditions, value, asked) != true) return {Possible::No, {}};
  return {Possible::Yes, std::move(sample)};
}

bool IsOfLists(Predicate predicate) {
  return predicate == Predicate::ContainsString || predicate == Predicate::ContainsNumber ||
         predicate == Predicate::ContainsBool;
}

// What a condition can say of texts above kPatternSubjectBytesMax: constants are shorter.
TruthSet SaidOfLongTexts(Predicate predicate) {
  switch (predicate) {
    case Predicate::Exists:
      return TruthSet::True;
    case Predicate::IsNull:
    case Predicate::EqualString:
    case Predicate::InStrings:
      return TruthSet::False;
    case Predicate::ContainsString:
      return Without(TruthSet::Any, Truth::Unknown);
    case Predicate::Under:
    case Predicate::HostIn:
      return TruthSet::Any;
    default:
      return TruthSet::Unknown;
  }
}

TruthSet SaidOfLists(Predicate predicate) {
  if (predicate == Predicate::Exists) return TruthSet::True;
  if (predicate == Predicate::IsNull) return TruthSet::False;
  return IsOfLists(predicate) ? TruthSet::Any : TruthSet::Unknown;
}

template <typename Said>
Possible Overlap(const ConditionTable& conditions, std::span<const Asked> asked, Said said) {
  const bool meets = std::ranges::all_of(asked, [&](const Asked& each) {
    return (each.allowed & said(conditions.at(each.condition_id).predicate)) != TruthSet::None;
  });
  return meets ? Possible::Maybe : Possible::No;
}

std::string JsonOf(const Operand& operand) {
  switch (operand.kind) {
    case OperandKind::String:
      return JsonText(operand.text);
    case OperandKind::Number:
      return ToText(operand.number);
    case OperandKind::Bool:
      return operand.boolean ? "true" : "false";
    default:
      return "null";
  }
}

// Lists of what has to be in them, alone and beside what makes the answer uncertain.
FormAnswer SolveList(ConditionTable& conditions, std::span<const Asked> asked) {
  if (Overlap(conditions, asked, SaidOfLists) == Possible::No) return {Possible::No, {}};
  std::string elements;
  for (const Asked& each : asked) {
    const Condition& condition = conditions.at(each.condition_id);
    if (each.allowed != TruthSet::True || !IsOfLists(condition.predicate)) continue;
    elements += (elements.empty() ? "" : ",") + JsonOf(condition.operand);
  }
  const std::string more = elements.empty() ? "" : elements + ",";
  for (const std::string& content : {elements, more + "\"x\"", more + "null"}) {
    const std::string json = "[" + content + "]";
    Value value = Value::MakeString(json);
    value.kind = ValueKind::List;
    if (Satisfies(conditions, value, asked) == true) {
      return {Possible::Yes, {.form = Form::List, .json = json}};
    }
  }
  return {Possible::Maybe, {}};
}

FormAnswer SolveBool(ConditionTable& conditions, bool boolean, std::span<const Asked> asked) {
  return SolveSingle(
      conditions, Value::MakeBool(boolean),
      {.form = boolean ? Form::True : Form::False, .json = boolean ? "true" : "false"}, asked);
}

}  // namespace

std::optional<bool> Satisfies(ConditionTable& conditions, const Value& value,
                              std::span<const Asked> asked) {
  bool all = true;
  for (const Asked& each : asked) {
    const auto truth = conditions.Ask(each.condition_id, value);
    if (!truth) return std::nullopt;
    if (!Has(each.allowed, *truth)) all = false;
  }
  return all;
}

FormAnswer SolveForm(ConditionTable& conditions, const Shape& shape, Form form,
                     std::span<const Asked> asked, bool wants_sample) {
  switch (form) {
    case Form::Absent:
      return SolveSingle(conditions, ValueOf(ValueKind::Absent), {.form = form, .json = ""}, asked);
    case Form::Broken:
      return SolveSingle(conditions, ValueOf(ValueKind::Broken), {.form = form, .json = ""}, asked);
    case Form::Null:
      return SolveSingle(conditions, ValueOf(ValueKind::Null), {.form = form, .json = "null"},
                         asked);
    case Form::False:
    case Form::True:
      return SolveBool(conditions, form == Form::True, asked);
    case Form::Inexact:
      return SolveSingle(conditions, ValueOf(ValueKind::InexactNumber),
                         {.form = form, .json = "1e400"}, asked);
    case Form::Record:
      return SolveSingle(conditions, ValueOf(ValueKind::Record), {.form = form, .json = "{}"},
                         asked);
    case Form::Number:
      return SolveNumber(conditions, shape, asked);
    case Form::Text:
      return SolveText(conditions, shape, asked, wants_sample);
    case Form::LongText:
      return {Overlap(conditions, asked, SaidOfLongTexts), {}};
    case Form::List:
      return SolveList(conditions, asked);
    case Form::Time:
    case Form::Duration:
      return SolveInstant(conditions, form, asked);
  }
  return {};
}

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      json += fmt::format("\\u{:04x}", byte);
    } else {
      json += c;
    }
  }
  return json + "\"";
}

}  // namespace policy
