#include "compiler/passes/rule_index.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "compiler/ir/access.h"

namespace policy {
namespace {

// Literals of one kind that a rule needs the value of a path to be among.
struct Key {
  ir::PathId path_id{};
  OperandKind kind{};
  std::vector<ir::Constant> literals = {};
};

std::optional<Key> KeyOfTest(const ir::Policy& policy, const ir::Test& test) {
  const ir::Value& value = ir::ValueOf(policy, test.value_id);
  if (value.kind != ir::ValueKind::Path) return std::nullopt;
  Key key{.path_id = value.path_id};
  switch (test.predicate) {
    case Predicate::EqualString:
      key.kind = OperandKind::String;
      key.literals = {test.operand};
      return key;
    case Predicate::EqualNumber:
      key.kind = OperandKind::Number;
      key.literals = {test.operand};
      return key;
    case Predicate::InStrings:
      key.kind = OperandKind::String;
      for (const std::string& text : std::get<std::vector<std::string>>(test.operand)) {
        key.literals.emplace_back(text);
      }
      break;
    case Predicate::InNumbers:
      key.kind = OperandKind::Number;
      for (const Decimal number : std::get<std::vector<Decimal>>(test.operand)) {
        key.literals.emplace_back(number);
      }
      break;
    default:  // two bools are no selection
      return std::nullopt;
  }
  if (key.literals.size() > kIndexedLiteralsMax) return std::nullopt;
  return key;
}

// The tests of which each must not be false for the rule to fire. `negated`: of `not formula`.
void CollectKeys(const ir::Policy& policy, ir::FormulaId id, bool negated, std::vector<Key>& keys) {
  const ir::Formula* formula = &ir::FormulaOf(policy, id);
  while (formula->kind == ir::FormulaKind::Not) {
    negated = !negated;
    formula = &ir::FormulaOf(policy, formula->operands.front());
  }
  if (formula->kind == ir::FormulaKind::Test) {
    if (negated) return;
    if (auto key = KeyOfTest(policy, ir::TestOf(policy, formula->test_id))) keys.push_back(*key);
    return;
  }
  const auto conjunction = negated ? ir::FormulaKind::Or : ir::FormulaKind::And;
  if (formula->kind != conjunction) return;
  // One level is what policies have; a deeper test would only be a better key.
  for (const ir::FormulaId operand : formula->operands) {
    bool inner_negated = negated;
    const ir::Formula* inner = &ir::FormulaOf(policy, operand);
    while (inner->kind == ir::FormulaKind::Not) {
      inner_negated = !inner_negated;
      inner = &ir::FormulaOf(policy, inner->operands.front());
    }
    if (inner->kind != ir::FormulaKind::Test || inner_negated) continue;
    if (auto key = KeyOfTest(policy, ir::TestOf(policy, inner->test_id))) keys.push_back(*key);
  }
}

std::vector<Key> KeysOf(const ir::Policy& policy, ir::RuleId id) {
  const ir::Rule& rule = ir::RuleOf(policy, id);
  std::vector<Key> keys;
  if (ir::HasCondition(rule.kind) && rule.kind != format::RuleKind::Allow) {
    CollectKeys(policy, rule.condition_id, rule.kind == format::RuleKind::Require, keys);
  }
  return keys;
}

// The branches of an index that is being built, found by literal.
class Branches {
 public:
  void Add(const ir::Constant& literal, ir::RuleId id, ir::Index& index) {
    const auto [entry, added] = places_.try_emplace(TextOf(literal), index.branches.size());
    if (added) index.branches.push_back({literal, {}});
    index.branches[entry->second].rule_ids.push_back(id);
  }

 private:
  // Literals of one index are all strings or all numbers.
  static std::string TextOf(const ir::Constant& literal) {
    if (const auto* text = std::get_if<std::string>(&literal)) return *text;
    return ToText(std::get<Decimal>(literal));
  }

  std::map<std::string, std::size_t> places_;
};

using Choice = std::pair<ir::PathId, OperandKind>;

// The path and kind that serve most rules that are still to be served.
std::optional<Choice> BestChoice(const std::vector<std::vector<Key>>& keys,
                                 const std::vector<bool>& served) {
  std::map<Choice, std::vector<std::size_t>> rules;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (served[i]) continue;
    for (const Key& key : keys[i]) {
      std::vector<std::size_t>& list = rules[{key.path_id, key.kind}];
      if (list.empty() || list.back() != i) list.push_back(i);
    }
  }
  const auto best =
      std::ranges::max_element(rules, {}, [](const auto& entry) { return entry.second.size(); });
  if (best == rules.end() || best->second.size() < kIndexedRulesMin) return std::nullopt;
  return best->first;
}

// `Rules`: Code or GuardedRules.
template <typename Rules>
void IndexCode(const ir::Policy& policy, Rules& code) {
  std::vector<std::vector<Key>> keys;
  keys.reserve(code.rule_ids.size());
  for (const ir::RuleId id : code.rule_ids) keys.push_back(KeysOf(policy, id));
  std::vector<bool> served(keys.size(), false);
  while (const auto choice = BestChoice(keys, served)) {
    ir::Index index{.path_id = choice->first};
    Branches branches;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (served[i]) continue;
      const auto key = std::ranges::find_if(
          keys[i], [&](const Key& k) { return Choice(k.path_id, k.kind) == *choice; });
      if (key == keys[i].end()) continue;
      served[i] = true;
      index.rule_ids.push_back(code.rule_ids[i]);
      for (const ir::Constant& literal : key->literals) {
        branches.Add(literal, code.rule_ids[i], index);
      }
    }
    code.indexes.push_back(std::move(index));
  }
  std::vector<ir::RuleId> rest;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!served[i]) rest.push_back(code.rule_ids[i]);
  }
  code.rule_ids = std::move(rest);
}

void IndexAll(const ir::Policy& policy, ir::Code& code) {
  IndexCode(policy, code);
  for (ir::GuardedRules& guarded : code.guarded) IndexCode(policy, guarded);
}

}  // namespace

void IndexRules(const ir::Policy& policy, ir::Plan& plan) {
  for (ir::ToolPlan& tool : plan.tools) IndexAll(policy, tool.code);
  for (ir::PatternPlan& pattern : plan.patterns) IndexAll(policy, pattern.code);
}

}  // namespace policy
