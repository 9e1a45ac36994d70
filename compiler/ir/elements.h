// Which variables of quantifiers the parts of a policy depend on.
#ifndef COMPILER_IR_ELEMENTS_H_
#define COMPILER_IR_ELEMENTS_H_

#include <vector>

#include "compiler/ir/ir.h"

namespace policy::ir {

// Sorted, distinct Elements. Few: quantifiers nest kQuantifierDepthMax deep.
using Elements = std::vector<ValueId>;

// By value: the Elements that it depends on, itself for an Element, without those of its own body
// for a quantifier.
class ElementUse {
 public:
  explicit ElementUse(const Policy& policy);

  const Elements& Of(ValueId id) const { return elements_[static_cast<std::size_t>(id)]; }
  Elements Of(const Policy& policy, FormulaId id) const;

 private:
  std::vector<Elements> elements_;
};

// Calls visit(value) for every value that the formula tests, those that they are made of and those
// in the bodies of quantifiers among them; operands before their users, a value as often as it is
// met.
template <typename Visit>
void ForEachValue(const Policy& policy, FormulaId id, Visit&& visit);
template <typename Visit>
void ForEachValue(const Policy& policy, ValueId id, Visit&& visit) {
  const Value& value = policy.values[static_cast<std::size_t>(id)];
  for (const ValueId operand : value.operands) ForEachValue(policy, operand, visit);
  if (value.kind == ValueKind::Quantified) ForEachValue(policy, value.body_id, visit);
  visit(id);
}
template <typename Visit>
void ForEachValue(const Policy& policy, FormulaId id, Visit&& visit) {
  const Formula& formula = policy.formulas[static_cast<std::size_t>(id)];
  for (const FormulaId operand : formula.operands) ForEachValue(policy, operand, visit);
  if (formula.kind != FormulaKind::Test) return;
  ForEachValue(policy, policy.tests[static_cast<std::size_t>(formula.test_id)].value_id, visit);
}

}  // namespace policy::ir

#endif  // COMPILER_IR_ELEMENTS_H_
