#include "compiler/check/schema_operands.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "grammar/json_fields.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

using catalog::KindBit;
using catalog::KindSet;
using catalog::PathFacts;

constexpr std::size_t kValuesNamed = 12;

constexpr KindSet kString = KindBit(json::Kind::String);
constexpr KindSet kNumber = KindBit(json::Kind::Number);
constexpr KindSet kBool = KindBit(json::Kind::Bool);
constexpr KindSet kList = KindBit(json::Kind::List);
constexpr KindSet kRecord = KindBit(json::Kind::Record);

KindSet KindsFor(Predicate predicate) {
  switch (predicate) {
    case Predicate::ContainsString:
      return kString | kList;
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
      return kList;
    default:
      break;
  }
  switch (OperandOf(predicate)) {
    case OperandKind::None:
      return catalog::kAllKinds;
    case OperandKind::String:
    case OperandKind::Regex:
    case OperandKind::StringSet:
      return kString;
    case OperandKind::Number:
    case OperandKind::NumberSet:
      return kNumber;
    case OperandKind::Bool:
    case OperandKind::BoolSet:
      return kBool;
    case OperandKind::Time:
    case OperandKind::Duration:
      return 0;  // no argument is one
  }
  return catalog::kAllKinds;
}

Wanted WantedOf(KindSet kinds, std::string_view by) {
  return {kinds, fmt::format("`{}`", by), kinds == 0 ? "a time" : catalog::TextOf(kinds)};
}

std::optional<std::string> TextOf(std::optional<ir::Constant> constant) {
  return constant ? LiteralText(*constant) : std::nullopt;
}

std::string Unquoted(const std::string& literal) {
  const bool is_quoted = literal.size() >= 2 && literal.front() == '"';
  return is_quoted ? literal.substr(1, literal.size() - 2) : literal;
}

// The constants that the test compares with for equality, or that a list has to hold.
std::vector<ir::Constant> EqualLiterals(Predicate predicate, const ir::Constant& operand) {
  switch (predicate) {
    case Predicate::EqualString:
    case Predicate::EqualNumber:
    case Predicate::EqualBool:
    case Predicate::ContainsNumber:
    case Predicate::ContainsString:
      return {operand};
    default:
      break;
  }
  std::vector<ir::Constant> literals;
  if (predicate == Predicate::InStrings) {
    for (const auto& text : std::get<std::vector<std::string>>(operand))
      literals.emplace_back(text);
  } else if (predicate == Predicate::InNumbers) {
    for (const Decimal number : std::get<std::vector<Decimal>>(operand))
      literals.emplace_back(number);
  }
  return literals;
}

bool IsOrder(Predicate predicate) {
  return predicate == Predicate::LessNumber || predicate == Predicate::LessOrEqualNumber ||
         predicate == Predicate::GreaterNumber || predicate == Predicate::GreaterOrEqualNumber;
}

// What the schema says, when the number lies outside of it.
std::optional<std::string> RangeAgainst(const PathFacts& facts, Decimal number) {
  if (facts.minimum) {
    const auto order = Compare(number, *facts.minimum);
    if (order < 0 || (order == 0 && facts.excludes_minimum)) {
      return fmt::format("{} {}", facts.excludes_minimum ? "above" : "at least",
                         ToText(*facts.minimum));
    }
  }
  if (facts.maximum) {
    const auto order = Compare(number, *facts.maximum);
    if (order > 0 || (order == 0 && facts.excludes_maximum)) {
      return fmt::format("{} {}", facts.excludes_maximum ? "below" : "at most",
                         ToText(*facts.maximum));
    }
  }
  return std::nullopt;
}

// A set of values and a literal that is none of them.
ExcludedLiteral NotAmong(const std::vector<std::string>& allowed, const std::string& literal) {
  ExcludedLiteral excluded{.literal = Unquoted(literal), .allowed = {}};
  std::vector<std::string> texts;
  for (const std::string& value : allowed) texts.push_back(Unquoted(value));
  std::vector<std::string_view> words(texts.begin(), texts.end());
  const auto meant = literal.front() == '"' ? NearestWord(excluded.literal, words) : std::nullopt;
  if (meant) {
    excluded.meant = meant->word;
    if (meant->is_plain) {
      excluded.fix_old = literal;
      excluded.fix_new = JsonQuoted(meant->word);
    }
  }
  const std::size_t more = words.size() > kValuesNamed ? words.size() - kValuesNamed : 0;
  words.resize(words.size() - more);
  excluded.allowed = Enumerate(words);
  if (more > 0) excluded.allowed += fmt::format(" and {} more", more);
  return excluded;
}

}  // namespace

std::optional<Wanted> WantedBy(Predicate predicate) {
  const KindSet kinds = KindsFor(predicate);
  if (kinds == catalog::kAllKinds) return std::nullopt;
  return WantedOf(kinds, NameOf(predicate));
}

std::optional<Wanted> WantedBy(Function function, std::size_t operand) {
  KindSet kinds = 0;
  switch (function) {
    case Function::Member:
    case Function::Element:
    case Function::OrElse:
      return std::nullopt;
    case Function::Length:
      kinds = kString | kList | kRecord;
      break;
    case Function::Join:
      kinds = operand == 0 ? kList : kString;
      break;
    case Function::Add:
    case Function::Subtract:
    case Function::Multiply:
      kinds = kNumber;
      break;
    case Function::Lower:
    case Function::Domain:
    case Function::Host:
    case Function::Scheme:
    case Function::Port:
    case Function::Split:
    case Function::Words:
    case Function::SqlVerbs:
    case Function::Time:
      kinds = kString;
      break;
  }
  return WantedOf(kinds, NameOf(function));
}

std::optional<Wanted> WantedBy(Relation relation, std::size_t operand) {
  KindSet kinds = 0;
  switch (relation) {
    case Relation::Equal:
      kinds = kString | kNumber | kBool;
      break;
    case Relation::Less:
    case Relation::LessOrEqual:
    case Relation::Greater:
    case Relation::GreaterOrEqual:
      kinds = kNumber;
      break;
    case Relation::In:
      kinds = operand == 0 ? kString | kNumber | kBool : kList;
      break;
    case Relation::Contains:
      kinds = operand == 0 ? kString | kList : kString | kNumber | kBool;
      break;
    case Relation::StartsWith:
    case Relation::EndsWith:
    case Relation::Under:
      kinds = kString;
      break;
  }
  return WantedOf(kinds, NameOf(relation));
}

std::vector<ExcludedLiteral> ExcludedBy(const PathFacts& facts, Predicate predicate,
                                        const ir::Constant& operand) {
  std::vector<ExcludedLiteral> excluded;
  // A part of a text is no value of it.
  const bool is_part =
      predicate == Predicate::ContainsString && (facts.kinds & kString) != 0 && !facts.values;
  std::optional<std::vector<std::string>> allowed;
  if (facts.values) {
    allowed.emplace();
    for (const json::Value* value : *facts.values) {
      if (const auto text = LiteralText(*value)) allowed->push_back(*text);
    }
  }
  for (const ir::Constant& literal : EqualLiterals(predicate, operand)) {
    const auto text = LiteralText(literal);
    if (!text || is_part) continue;
    const auto* number = std::get_if<Decimal>(&literal);
    if (allowed && std::ranges::find(*allowed, *text) == allowed->end()) {
      excluded.push_back(NotAmong(*allowed, *text));
    } else if (const auto range = number != nullptr ? RangeAgainst(facts, *number) : std::nullopt) {
      excluded.push_back({.literal = *text, .allowed = *range, .is_out_of_range = true});
    }
  }
  if (const auto* number = std::get_if<Decimal>(&operand);
      number != nullptr && IsOrder(predicate)) {
    if (const auto range = RangeAgainst(facts, *number)) {
      // At the very bound that is excluded a comparison still says something.
      const bool is_bound = (facts.minimum && Compare(*number, *facts.minimum) == 0) ||
                            (facts.maximum && Compare(*number, *facts.maximum) == 0);
      if (!is_bound) {
        excluded.push_back(
            {.literal = ToText(*number), .allowed = *range, .is_out_of_range = true});
      }
    }
  }
  return excluded;
}

std::optional<std::string> LiteralText(const json::Value& value) { return TextOf(ScalarOf(value)); }

std::optional<std::string> LiteralText(const ir::Constant& constant) {
  if (const auto* text = std::get_if<std::string>(&constant)) return JsonQuoted(*text);
  if (const auto* number = std::get_if<Decimal>(&constant)) return ToText(*number);
  if (const auto* boolean = std::get_if<bool>(&constant)) return *boolean ? "true" : "false";
  return std::nullopt;
}

std::optional<ir::Constant> ScalarOf(const json::Value& value) {
  switch (value.kind) {
    case json::Kind::Bool:
      return ir::Constant(value.boolean);
    case json::Kind::String:
      return ir::Constant(value.text);
    case json::Kind::Number:
      if (const auto number = ParseDecimal(value.text)) return ir::Constant(*number);
      return std::nullopt;
    case json::Kind::Null:
    case json::Kind::List:
    case json::Kind::Record:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace policy
