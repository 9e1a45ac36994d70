// Conditions that those beside them imply.
#include <array>

#include "compiler/analyse/analysis.h"

namespace policy {

namespace {

// Operands of one junction that are compared.
constexpr std::size_t kOperandsMax = 32;

bool IsSame(const Analysis& analysis, ir::FormulaId a, ir::FormulaId b) {
  const ir::Formula& first = ir::FormulaOf(analysis.policy, a);
  const ir::Formula& second = ir::FormulaOf(analysis.policy, b);
  if (first.kind != second.kind) return false;
  if (first.kind == ir::FormulaKind::Not) {
    return IsSame(analysis, first.operands[0], second.operands[0]);
  }
  return first.kind == ir::FormulaKind::Test && analysis.solver.conditions().Of(first.test_id) ==
                                                    analysis.solver.conditions().Of(second.test_id);
}

// Whether a conjunction (or, with `is_and` false, a disjunction) is the same without its operand
// `at`: for whatever the others are at least, it is too (at most).
bool IsImplied(Analysis& analysis, const Scene& scene, const ir::Formula& junction, std::size_t at,
               std::span<const std::size_t> others) {
  const bool is_and = junction.kind == ir::FormulaKind::And;
  constexpr std::array kAndEnds = {std::pair(TruthSet::True, TruthSet::NotTrue),
                                   std::pair(TruthSet::NotFalse, TruthSet::False)};
  constexpr std::array kOrEnds = {std::pair(TruthSet::False, TruthSet::NotFalse),
                                  std::pair(TruthSet::NotTrue, TruthSet::True)};
  for (const auto& [of_others, unlike] : is_and ? kAndEnds : kOrEnds) {
    std::vector<Wish> wishes;
    for (const std::size_t other : others) wishes.push_back({junction.operands[other], of_others});
    wishes.push_back({junction.operands[at], unlike});
    if (!analysis.solver.IsImpossible(scene, wishes)) return false;
  }
  return true;
}

void CheckJunction(Analysis& analysis, const Scene& scene, ir::FormulaId formula_id) {
  const ir::Formula& formula = ir::FormulaOf(analysis.policy, formula_id);
  // Formulas nest no deeper than readers let them.
  for (const ir::FormulaId operand_id : formula.operands) {
    CheckJunction(analysis, scene, operand_id);
  }
  const std::size_t count = formula.operands.size();
  if (count < 2 || count > kOperandsMax) return;
  std::vector<std::vector<std::uint32_t>> topics;
  for (const ir::FormulaId operand_id : formula.operands) {
    topics.push_back(TopicsOf(analysis.policy, operand_id));
  }
  std::vector<bool> is_left_out(count);  // of two that imply each other one stays
  for (std::size_t at = 0; at < count; ++at) {
    std::vector<std::size_t> others;
    for (std::size_t other = 0; other < count; ++other) {
      if (other == at || is_left_out[other]) continue;
      const bool is_same = IsSame(analysis, formula.operands[at], formula.operands[other]);
      if (is_same) {  // a finding of its own
        others.clear();
        break;
      }
      if (ShareTopic(topics[at], topics[other])) others.push_back(other);
    }
    if (others.empty() || !IsImplied(analysis, scene, formula, at, others)) continue;
    is_left_out[at] = true;
    const ir::Formula& operand = ir::FormulaOf(analysis.policy, formula.operands[at]);
    auto report =
        analysis.diagnostics.Report(diag::RedundantCondition, analysis.source, operand.span);
    for (const std::size_t other : others) {
      report.Note(ir::FormulaOf(analysis.policy, formula.operands[other]).span,
                  others.size() == 1 ? "this says as much already" : "these say as much already");
    }
    report.Help("remove it, or mend the one that was meant otherwise");
  }
}

}  // namespace

void FindRedundancy(Analysis& analysis, std::size_t block_index) {
  const ir::Block& block = analysis.policy.blocks[block_index];
  for (const ir::RuleId id : block.rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    if (!ir::HasCondition(rule.kind) || analysis.is_reported[ir::IndexOf(id)]) continue;
    CheckJunction(analysis, SceneOf(analysis.policy, block, false), rule.condition_id);
  }
}

}  // namespace policy
