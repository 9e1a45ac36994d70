#include "compiler/analyse/condition_table.h"

#include <re2/re2.h>

#include <type_traits>

#include "compiler/ir/access.h"
#include "runtime/program/regex.h"
#include "runtime/value/text_hash.h"

namespace policy {

namespace {

std::uint64_t Mix(std::uint64_t hash, std::uint64_t more) {
  return (hash ^ more) * 0x9E3779B97F4A7C15u + (hash >> 29);
}

struct HashConstant {
  std::uint64_t operator()(std::monostate) const { return 1; }
  std::uint64_t operator()(const std::string& text) const { return HashBytes(text); }
  std::uint64_t operator()(Decimal number) const {
    return Mix(static_cast<std::uint64_t>(number.coefficient),
               static_cast<std::uint64_t>(number.exponent));
  }
  std::uint64_t operator()(bool boolean) const { return boolean ? 2 : 3; }
  std::uint64_t operator()(ir::TimePoint time) const {
    return static_cast<std::uint64_t>(time.nanoseconds);
  }
  std::uint64_t operator()(ir::Duration duration) const {
    return static_cast<std::uint64_t>(duration.nanoseconds);
  }
  std::uint64_t operator()(const ir::RegexText& regex) const { return HashBytes(regex.text); }
  template <typename T>
  std::uint64_t operator()(const std::vector<T>& set) const {
    std::uint64_t hash = set.size();
    for (const auto& member : set) hash = Mix(hash, (*this)(member));
    return hash;
  }
};

// A literal of the policy as a value of a call.
Value ValueOf(const ir::Constant& constant) {
  if (const auto* text = std::get_if<std::string>(&constant)) return Value::MakeString(*text);
  if (const auto* number = std::get_if<Decimal>(&constant)) return Value::MakeNumber(*number);
  if (const auto* boolean = std::get_if<bool>(&constant)) return Value::MakeBool(*boolean);
  if (const auto* time = std::get_if<ir::TimePoint>(&constant)) {
    return Value::MakeTime(time->nanoseconds);
  }
  if (const auto* duration = std::get_if<ir::Duration>(&constant)) {
    return Value::MakeDuration(duration->nanoseconds);
  }
  return Value::MakeBroken();
}

}  // namespace

ConditionTable::ConditionTable(const ir::Policy& policy) : policy_(policy) {
  condition_ids_.reserve(policy.tests.size());
  conditions_.reserve(policy.tests.size());
  for (const ir::Test& test : policy.tests) condition_ids_.push_back(Intern(test));
}

ConditionTable::~ConditionTable() = default;

Operand ConditionTable::OperandOf(const ir::Constant& constant) {
  Operand operand;
  if (const auto* text = std::get_if<std::string>(&constant)) {
    operand.text = *text;
  } else if (const auto* regex = std::get_if<ir::RegexText>(&constant)) {
    operand.text = regex->text;
  } else if (const auto* number = std::get_if<Decimal>(&constant)) {
    operand.number = *number;
  } else if (const auto* boolean = std::get_if<bool>(&constant)) {
    operand.boolean = *boolean;
  } else if (const auto* time = std::get_if<ir::TimePoint>(&constant)) {
    operand.nanoseconds = time->nanoseconds;
  } else if (const auto* duration = std::get_if<ir::Duration>(&constant)) {
    operand.nanoseconds = duration->nanoseconds;
  } else if (const auto* strings = std::get_if<std::vector<std::string>>(&constant)) {
    operand.strings = string_sets_.emplace_back(strings->begin(), strings->end());
  } else if (const auto* numbers = std::get_if<std::vector<Decimal>>(&constant)) {
    operand.numbers = *numbers;
  } else if (const auto* bools = std::get_if<std::vector<bool>>(&constant)) {
    for (const bool member : *bools) {
      (member ? operand.set_has_true : operand.set_has_false) = true;
    }
  }
  return operand;
}

ConditionId ConditionTable::Intern(const ir::Test& test) {
  Condition condition{.value_id = test.value_id,
                      .predicate = test.predicate,
                      .when_absent = test.when_absent,
                      .operand = {},
                      .constant = &test.operand};
  // What a value with a default says when it is absent is what its default says.
  const ir::Value* value = &ir::ValueOf(policy_, test.value_id);
  const bool has_default = value->kind == ir::ValueKind::Applied &&
                           value->function == Function::OrElse &&
                           ir::ValueOf(policy_, value->operands[1]).kind == ir::ValueKind::Constant;
  const bool has_room =
      test.predicate != Predicate::Matches || regexes_.size() < kAnalysedRegexesMax;
  if (has_default && has_room) {
    Operand operand = OperandOf(test.operand);
    operand.kind = policy::OperandOf(test.predicate);
    if (test.predicate == Predicate::Matches) {
      operand.regex = regexes_.emplace_back(CompileRegex(operand.text)).get();
    }
    const ir::Constant& literal = ir::ValueOf(policy_, value->operands[1]).constant;
    condition.value_id = value->operands[0];
    condition.when_absent = Apply(test.predicate, ValueOf(literal), operand);
  }
  std::uint64_t hash = std::visit(HashConstant{}, test.operand);
  hash = Mix(hash, static_cast<std::uint64_t>(condition.value_id));
  hash = Mix(hash, static_cast<std::uint64_t>(condition.predicate));
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const Condition& other = this->at(at->second);
    if (other.value_id == condition.value_id && other.predicate == condition.predicate &&
        other.when_absent == condition.when_absent && *other.constant == *condition.constant) {
      return at->second;
    }
  }
  condition.operand = OperandOf(test.operand);
  condition.operand.kind = policy::OperandOf(condition.predicate);
  const auto id = static_cast<ConditionId>(conditions_.size());
  conditions_.push_back(condition);
  by_hash_.emplace(hash, id);
  return id;
}

const re2::RE2* ConditionTable::RegexOf(ConditionId id) {
  Operand& operand = conditions_[static_cast<std::size_t>(id)].operand;
  if (operand.regex == nullptr && regexes_.size() < kAnalysedRegexesMax) {
    operand.regex = regexes_.emplace_back(CompileRegex(operand.text)).get();
  }
  return operand.regex;
}

std::optional<Truth> ConditionTable::Ask(ConditionId id, const Value& value) {
  const Condition& condition = at(id);
  if (value.kind == ValueKind::Absent && condition.when_absent) return *condition.when_absent;
  if (condition.predicate == Predicate::Matches && value.kind == ValueKind::String &&
      RegexOf(id) == nullptr) {
    return std::nullopt;
  }
  return Apply(condition.predicate, value, condition.operand);
}

}  // namespace policy
