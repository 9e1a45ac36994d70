#include "compiler/ir/elements.h"

#include <algorithm>

#include "compiler/ir/access.h"

namespace policy::ir {
namespace {

void Merge(const Elements& from, Elements& into) {
  for (const ValueId id : from) {
    const auto place = std::ranges::lower_bound(into, id);
    if (place == into.end() || *place != id) into.insert(place, id);
  }
}

}  // namespace

// Operands, and what the body of a quantifier tests, stand before their users.
ElementUse::ElementUse(const Policy& policy) {
  elements_.resize(policy.values.size());
  for (std::size_t i = 0; i < policy.values.size(); ++i) {
    const Value& value = policy.values[i];
    Elements& elements = elements_[i];
    if (value.kind == ValueKind::Element) elements = {static_cast<ValueId>(i)};
    for (const ValueId operand : value.operands) Merge(Of(operand), elements);
    if (value.kind != ValueKind::Quantified) continue;
    Elements body = Of(policy, value.body_id);
    std::erase(body, value.element_id);
    Merge(body, elements);
  }
}

Elements ElementUse::Of(const Policy& policy, FormulaId id) const {
  const Formula& formula = FormulaOf(policy, id);
  if (formula.kind == FormulaKind::Test) return Of(TestOf(policy, formula.test_id).value_id);
  Elements elements;
  for (const FormulaId operand : formula.operands) Merge(Of(policy, operand), elements);
  return elements;
}

}  // namespace policy::ir
