#include "compiler/passes/decision_cost.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/ir/access.h"
#include "compiler/ir/elements.h"
#include "compiler/resolve/pattern.h"
#include "runtime/value/predicate.h"

namespace policy {
namespace {

constexpr std::uint64_t kElementWeight = 10;

std::uint64_t WeightOf(Predicate predicate) {
  switch (predicate) {
    case Predicate::EqualString:
    case Predicate::InStrings:
    case Predicate::InNumbers:
    case Predicate::StartsWith:
    case Predicate::EndsWith:
      return 2;
    case Predicate::Under:
    case Predicate::HostIn:
      return 100;
    case Predicate::Matches:
    case Predicate::Like:
    case Predicate::ContainsString:
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
      return 1'000;
    default:
      return 1;
  }
}

std::uint64_t WeightOf(Function function) {
  switch (function) {
    case Function::OrElse:
    case Function::Add:
    case Function::Subtract:
    case Function::Multiply:
      return 2;
    case Function::Length:
    case Function::Lower:
      return 50;
    case Function::Member:
    case Function::Element:
    case Function::Domain:
    case Function::Host:
    case Function::Scheme:
    case Function::Port:
    case Function::Time:
      return 100;
    case Function::Split:
    case Function::Join:
    case Function::Words:
    case Function::SqlVerbs:
      return 500;
  }
  return 500;
}

std::uint64_t WeightOf(Relation relation) {
  switch (relation) {
    case Relation::In:
    case Relation::Contains:
      return 1'000;
    case Relation::Under:
      return 100;
    default:
      return 2;
  }
}

// What formulas and the values that they test cost, each value as often as it is made.
class CostTable {
 public:
  explicit CostTable(const ir::Policy& policy)
      : policy_(policy), elements_(policy), seen_(policy.values.size(), 0) {
    values_.resize(policy.values.size(), 0);
    for (std::size_t i = 0; i < policy.values.size(); ++i) values_[i] = CostOf(policy.values[i]);
  }

  // Values that were counted since the last call of this cost nothing more.
  void BeginDecision() { ++decision_; }

  std::uint64_t CostOf(ir::FormulaId id) { return CostOf(id, std::nullopt); }
  // The value with what it is made of.
  std::uint64_t CostOf(ir::ValueId id) { return CostOf(id, std::nullopt); }

 private:
  // Of the value alone, its operands made.
  std::uint64_t CostOf(const ir::Value& value) {
    switch (value.kind) {
      case ir::ValueKind::Applied:
        return WeightOf(value.function);
      case ir::ValueKind::Compared:
        return WeightOf(value.relation);
      case ir::ValueKind::Quantified:
        BeginDecision();
        return kListElementsMax * (kElementWeight + CostOf(value.body_id, value.element_id));
      default:
        return 0;
    }
  }

  // What is done once for each value of `element`, or, without one, once for the call.
  std::uint64_t CostOf(ir::FormulaId id, std::optional<ir::ValueId> element) {
    const ir::Formula& formula = ir::FormulaOf(policy_, id);
    std::uint64_t cost = 0;
    for (const ir::FormulaId operand : formula.operands) cost += CostOf(operand, element);
    if (formula.kind != ir::FormulaKind::Test) return cost;
    const ir::Test& test = ir::TestOf(policy_, formula.test_id);
    return cost + WeightOf(test.predicate) + CostOf(test.value_id, element);
  }

  // Of a body within, only the values that do not depend on its own variable: what it tests is part
  // of its quantifier's cost.
  std::uint64_t MadeIn(ir::FormulaId body, std::optional<ir::ValueId> element) {
    const ir::Formula& formula = ir::FormulaOf(policy_, body);
    std::uint64_t cost = 0;
    for (const ir::FormulaId operand : formula.operands) cost += MadeIn(operand, element);
    if (formula.kind != ir::FormulaKind::Test) return cost;
    return cost + CostOf(ir::TestOf(policy_, formula.test_id).value_id, element);
  }

  std::uint64_t CostOf(ir::ValueId id, std::optional<ir::ValueId> element) {
    std::uint32_t& seen = seen_[ir::IndexOf(id)];
    if (seen == decision_) return 0;
    seen = decision_;
    const ir::Value& value = ir::ValueOf(policy_, id);
    const ir::Elements& elements = elements_.Of(id);
    const bool is_made_here =
        element ? !elements.empty() && elements.back() == *element : elements.empty();
    std::uint64_t cost = is_made_here ? values_[ir::IndexOf(id)] : 0;
    for (const ir::ValueId operand : value.operands) cost += CostOf(operand, element);
    if (value.kind == ir::ValueKind::Quantified) cost += MadeIn(value.body_id, element);
    return cost;
  }

  const ir::Policy& policy_;
  ir::ElementUse elements_;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint32_t> seen_;  // by value: the last decision that made it
  std::uint32_t decision_ = 0;
};

struct CodeCost {
  std::uint64_t cost = 0;
  std::uint64_t dearest_cost = 0;
  std::optional<ir::FormulaId> dearest;
};

std::uint64_t CostOfRule(const ir::Policy& policy, CostTable& table, ir::RuleId id) {
  const ir::Rule& rule = ir::RuleOf(policy, id);
  if (ir::HasCondition(rule.kind)) return table.CostOf(rule.condition_id);
  const bool has_cost =
      rule.kind == format::RuleKind::Limit && rule.limit.cost != format::CostKind::One;
  return has_cost ? table.CostOf(rule.limit.cost_value_id) : 0;
}

template <typename Rules>
void AddRules(const ir::Policy& policy, CostTable& table, const Rules& rules, CodeCost& sum) {
  const auto add = [&](ir::RuleId id) {
    const ir::Rule& rule = ir::RuleOf(policy, id);
    const std::uint64_t cost = CostOfRule(policy, table, id);
    sum.cost += cost;
    if (!ir::HasCondition(rule.kind) || cost <= sum.dearest_cost) return;
    sum.dearest_cost = cost;
    sum.dearest = rule.condition_id;
  };
  for (const ir::Index& index : rules.indexes) std::ranges::for_each(index.rule_ids, add);
  std::ranges::for_each(rules.rule_ids, add);
}

// A call is for one server.
CodeCost CostOfCode(const ir::Policy& policy, CostTable& table, const ir::Code& code) {
  CodeCost worst;
  table.BeginDecision();
  AddRules(policy, table, code, worst);
  const CodeCost common = worst;
  for (const ir::GuardedRules& guarded : code.guarded) {
    CodeCost with = common;
    // What was made for another server has to be made for this one too.
    table.BeginDecision();
    AddRules(policy, table, guarded, with);
    if (with.cost > worst.cost) worst = with;
  }
  return worst;
}

// The dearest test of the formula.
Span DearestPlace(const ir::Policy& policy, CostTable& table, ir::FormulaId id) {
  const ir::Formula* formula = &ir::FormulaOf(policy, id);
  while (!formula->operands.empty()) {
    ir::FormulaId dearest = formula->operands.front();
    std::uint64_t dearest_cost = 0;
    for (const ir::FormulaId operand : formula->operands) {
      table.BeginDecision();
      const std::uint64_t cost = table.CostOf(operand);
      if (cost > dearest_cost) dearest = operand;
      dearest_cost = std::max(cost, dearest_cost);
    }
    formula = &ir::FormulaOf(policy, dearest);
  }
  return formula->span;
}

bool Overlap(const ir::PatternPlan& a, const ir::PatternPlan& b) {
  return std::ranges::any_of(a.patterns, [&](const std::string& one) {
    return std::ranges::any_of(
        b.patterns, [&](const std::string& other) { return PatternsOverlap(one, other); });
  });
}

// The cost for tools that the patterns alone cover: of all of them where that is in the budget,
// else of those that can cover one tool with the pattern in question.
std::pair<CodeCost, std::string> WorstOfPatterns(const ir::Policy& policy, CostTable& table,
                                                 const ir::Plan& plan) {
  std::vector<CodeCost> costs;
  std::uint64_t sum = 0;
  for (const ir::PatternPlan& pattern : plan.patterns) {
    costs.push_back(CostOfCode(policy, table, pattern.code));
    sum += costs.back().cost;
  }
  const bool fits = sum <= kDecisionCostMax;
  CodeCost worst;
  std::string name;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    CodeCost around = costs[i];
    around.cost = fits ? sum : 0;
    for (std::size_t j = 0; !fits && j < costs.size(); ++j) {
      if (!Overlap(plan.patterns[i], plan.patterns[j])) continue;
      around.cost += costs[j].cost;
    }
    const bool is_worse =
        std::pair(around.cost, around.dearest_cost) > std::pair(worst.cost, worst.dearest_cost);
    if (!is_worse) continue;
    worst = around;
    name = plan.patterns[i].patterns.front();
  }
  return {worst, name};
}

}  // namespace

DecisionCost WorstDecision(const ir::Policy& policy, const ir::Plan& plan) {
  CostTable table(policy);
  auto [worst, name] = WorstOfPatterns(policy, table, plan);
  for (const ir::ToolPlan& tool : plan.tools) {
    const CodeCost cost = CostOfCode(policy, table, tool.code);
    if (cost.cost <= worst.cost) continue;
    worst = cost;
    name = tool.name;
  }
  DecisionCost decision{.cost = worst.cost, .tool = std::move(name)};
  if (worst.dearest) decision.dearest = DearestPlace(policy, table, *worst.dearest);
  return decision;
}

bool CheckDecisionCost(const DecisionCost& worst, const Source& source, Diagnostics& diagnostics) {
  if (worst.cost <= kDecisionCostMax) return true;
  diagnostics
      .Report(diag::CostOverBudget, source, worst.dearest, worst.tool, worst.cost, kDecisionCostMax)
      .Help(
          "this is the dearest of its conditions; a quantifier within another looks at a million "
          "pairs");
  return false;
}

}  // namespace policy
