#include "compiler/passes/shared_conditions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "compiler/ir/access.h"
#include "compiler/ir/elements.h"

namespace policy {
namespace {

// A test of a made value is as cheap as that of a path: the value is remembered for the call.
bool IsWorthACell(const ir::ElementUse& elements, const ir::Test& test) {
  if (!elements.Of(test.value_id).empty()) return false;
  switch (test.predicate) {
    case Predicate::InStrings:
    case Predicate::Matches:
    case Predicate::Like:
    case Predicate::ContainsString:
    case Predicate::ContainsNumber:
    case Predicate::ContainsBool:
    case Predicate::Under:
    case Predicate::HostIn:
      return true;
    default:
      return false;
  }
}

// Equal tests get one number.
std::vector<std::uint32_t> NumberTests(const ir::Policy& policy, const std::vector<bool>& worth) {
  const auto less = [&policy](std::size_t a, std::size_t b) {
    const ir::Test& left = policy.tests[a];
    const ir::Test& right = policy.tests[b];
    const auto cheap = [](const ir::Test& test) {
      return std::tuple(test.value_id, test.predicate, test.operand.index());
    };
    if (cheap(left) != cheap(right)) return cheap(left) < cheap(right);
    return std::visit(
        [&right](const auto& operand) {
          using T = std::decay_t<decltype(operand)>;
          const T& other = std::get<T>(right.operand);
          if constexpr (std::is_same_v<T, std::string>) return operand < other;
          if constexpr (std::is_same_v<T, ir::RegexText>) return operand.text < other.text;
          if constexpr (std::is_same_v<T, std::vector<std::string>>) return operand < other;
          if constexpr (std::is_same_v<T, Decimal>) return Compare(operand, other) < 0;
          if constexpr (std::is_same_v<T, bool>) return operand < other;
          return false;  // the other kinds belong to predicates that are not worth a cell
        },
        left.operand);
  };
  std::map<std::size_t, std::uint32_t, decltype(less)> numbers(less);
  std::vector<std::uint32_t> number_of(policy.tests.size());
  for (std::size_t i = 0; i < policy.tests.size(); ++i) {
    if (!worth[i]) continue;
    number_of[i] = numbers.try_emplace(i, static_cast<std::uint32_t>(numbers.size())).first->second;
  }
  return number_of;
}

class UseCount {
 public:
  UseCount(const ir::Policy& policy, const std::vector<bool>& worth,
           const std::vector<std::uint32_t>& number_of)
      : policy_(policy), worth_(worth), number_of_(number_of), last_code_(policy.tests.size(), 0) {
    shared.resize(policy.tests.size(), false);
  }

  void Count(const ir::Code& code) {
    ++code_number_;
    CountRules(code.rule_ids);
    for (const ir::GuardedRules& guarded : code.guarded) CountRules(guarded.rule_ids);
  }

  std::vector<bool> shared;  // by number

 private:
  struct Pending {
    ir::FormulaId formula_id{};
    bool is_repeated = false;  // stands in the body of a quantifier
  };

  void CountRules(const std::vector<ir::RuleId>& rule_ids) {
    for (const ir::RuleId id : rule_ids) {
      const ir::Rule& rule = ir::RuleOf(policy_, id);
      if (ir::HasCondition(rule.kind)) CountFormula(rule.condition_id);
    }
  }

  void CountFormula(ir::FormulaId root) {
    std::vector<Pending> pending = {{root}};
    while (!pending.empty()) {
      const Pending at = pending.back();
      pending.pop_back();
      const ir::Formula& formula = ir::FormulaOf(policy_, at.formula_id);
      for (const ir::FormulaId id : formula.operands) pending.push_back({id, at.is_repeated});
      if (formula.kind != ir::FormulaKind::Test) continue;
      AddBodies(ir::TestOf(policy_, formula.test_id).value_id, pending);
      if (!worth_[ir::IndexOf(formula.test_id)]) continue;
      const std::uint32_t number = number_of_[ir::IndexOf(formula.test_id)];
      if (at.is_repeated || last_code_[number] == code_number_) shared[number] = true;
      last_code_[number] = code_number_;
    }
  }

  // The bodies of the quantifiers that the value is made of.
  void AddBodies(ir::ValueId id, std::vector<Pending>& pending) {
    const ir::Value& value = ir::ValueOf(policy_, id);
    for (const ir::ValueId operand : value.operands) AddBodies(operand, pending);
    if (value.kind == ir::ValueKind::Quantified) pending.push_back({value.body_id, true});
  }

  const ir::Policy& policy_;
  const std::vector<bool>& worth_;  // by test
  const std::vector<std::uint32_t>& number_of_;
  std::vector<std::uint32_t> last_code_;  // by number: the last code that ran it
  std::uint32_t code_number_ = 0;
};

}  // namespace

void ShareConditions(const ir::Policy& policy, ir::Plan& plan) {
  const ir::ElementUse elements(policy);
  std::vector<bool> worth;
  for (const ir::Test& test : policy.tests) worth.push_back(IsWorthACell(elements, test));
  const std::vector<std::uint32_t> number_of = NumberTests(policy, worth);
  UseCount uses(policy, worth, number_of);
  for (const ir::ToolPlan& tool : plan.tools) uses.Count(tool.code);
  for (const ir::PatternPlan& pattern : plan.patterns) uses.Count(pattern.code);

  std::vector<std::uint16_t> cell_of(policy.tests.size(), 0);
  plan.memo_cells.assign(policy.tests.size(), 0);
  for (std::size_t i = 0; i < policy.tests.size(); ++i) {
    if (!worth[i]) continue;
    const std::uint32_t number = number_of[i];
    if (!uses.shared[number]) continue;
    if (cell_of[number] == 0) {
      if (plan.memo_cell_count == format::kMemoCellsMax) continue;
      cell_of[number] = ++plan.memo_cell_count;
    }
    plan.memo_cells[i] = cell_of[number];
  }
}

}  // namespace policy
