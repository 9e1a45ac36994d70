#include "compiler/passes/shared_conditions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "compiler/ir/access.h"

namespace policy {
namespace {

bool IsWorthACell(Predicate predicate) {
  switch (predicate) {
    case Predicate::InStrings:
    case Predicate::Matches:
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
std::vector<std::uint32_t> NumberTests(const ir::Policy& policy) {
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
    if (!IsWorthACell(policy.tests[i].predicate)) continue;
    number_of[i] = numbers.try_emplace(i, static_cast<std::uint32_t>(numbers.size())).first->second;
  }
  return number_of;
}

class UseCount {
 public:
  UseCount(const ir::Policy& policy, const std::vector<std::uint32_t>& number_of)
      : policy_(policy), number_of_(number_of), last_code_(policy.tests.size(), 0) {
    shared.resize(policy.tests.size(), false);
  }

  void Count(const ir::Code& code) {
    ++code_number_;
    for (const ir::RuleId id : code.rule_ids) {
      const ir::Rule& rule = ir::RuleOf(policy_, id);
      if (ir::HasCondition(rule.kind)) CountFormula(rule.condition_id);
    }
  }

  std::vector<bool> shared;  // by number

 private:
  void CountFormula(ir::FormulaId root) {
    std::vector<ir::FormulaId> pending = {root};
    while (!pending.empty()) {
      const ir::Formula& formula = ir::FormulaOf(policy_, pending.back());
      pending.pop_back();
      pending.insert(pending.end(), formula.operands.begin(), formula.operands.end());
      if (formula.kind != ir::FormulaKind::Test) continue;
      if (!IsWorthACell(ir::TestOf(policy_, formula.test_id).predicate)) continue;
      const std::uint32_t number = number_of_[ir::IndexOf(formula.test_id)];
      if (last_code_[number] == code_number_) shared[number] = true;
      last_code_[number] = code_number_;
    }
  }

  const ir::Policy& policy_;
  const std::vector<std::uint32_t>& number_of_;
  std::vector<std::uint32_t> last_code_;  // by number: the last code that ran it
  std::uint32_t code_number_ = 0;
};

}  // namespace

void ShareConditions(const ir::Policy& policy, ir::Plan& plan) {
  const std::vector<std::uint32_t> number_of = NumberTests(policy);
  UseCount uses(policy, number_of);
  for (const ir::ToolPlan& tool : plan.tools) uses.Count(tool.code);
  for (const ir::PatternPlan& pattern : plan.patterns) uses.Count(pattern.code);

  std::vector<std::uint16_t> cell_of(policy.tests.size(), 0);
  plan.memo_cells.assign(policy.tests.size(), 0);
  for (std::size_t i = 0; i < policy.tests.size(); ++i) {
    if (!IsWorthACell(policy.tests[i].predicate)) continue;
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
