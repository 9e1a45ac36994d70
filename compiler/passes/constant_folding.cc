#include "compiler/passes/constant_folding.h"

#include <algorithm>
#include <utility>

#include "compiler/ir/access.h"

namespace policy {
namespace {

using ir::Formula;
using ir::FormulaId;
using ir::FormulaKind;

void MakeConstant(Formula& formula, Truth truth) {
  formula.kind = FormulaKind::Constant;
  formula.constant = truth;
  formula.operands.clear();
}

void FoldNot(ir::Policy& policy, Formula& formula) {
  const Formula& operand = ir::FormulaOf(policy, formula.operands.front());
  if (operand.kind == FormulaKind::Constant) {
    MakeConstant(formula, Not(operand.constant));
  } else if (operand.kind == FormulaKind::Not) {
    const Span span = formula.span;
    formula = ir::FormulaOf(policy, operand.operands.front());
    formula.span = span;
  }
}

void FoldGroup(ir::Policy& policy, Formula& formula) {
  const bool is_and = formula.kind == FormulaKind::And;
  const Truth neutral = is_and ? Truth::True : Truth::False;
  std::vector<FormulaId> kept;
  const auto keep = [&](FormulaId id) {
    if (std::ranges::find(kept, id) == kept.end()) kept.push_back(id);
  };
  for (const FormulaId id : formula.operands) {
    const Formula& operand = ir::FormulaOf(policy, id);
    if (operand.kind == formula.kind) {
      for (const FormulaId inner : operand.operands) keep(inner);
    } else if (operand.kind != FormulaKind::Constant) {
      keep(id);
    } else if (operand.constant == Not(neutral)) {
      return MakeConstant(formula, operand.constant);
    } else if (operand.constant == Truth::Unknown) {
      keep(id);
    }
  }
  if (kept.empty()) return MakeConstant(formula, neutral);
  if (kept.size() == 1) {
    const Span span = formula.span;
    formula = ir::FormulaOf(policy, kept.front());
    formula.span = span;
    return;
  }
  formula.operands = std::move(kept);
}

}  // namespace

void FoldConstants(ir::Policy& policy) {
  // Operands stand before their users, so one walk sees every operand folded.
  for (std::size_t i = 0; i < policy.formulas.size(); ++i) {
    Formula folded = policy.formulas[i];
    if (folded.kind == FormulaKind::Not) FoldNot(policy, folded);
    if (folded.kind == FormulaKind::And || folded.kind == FormulaKind::Or) {
      FoldGroup(policy, folded);
    }
    policy.formulas[i] = std::move(folded);
  }
}

}  // namespace policy
