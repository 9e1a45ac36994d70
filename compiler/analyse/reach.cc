// Rules that never fire, and rules that fire on every call.
#include <algorithm>
#include <array>

#include "compiler/analyse/analysis.h"

namespace policy {

namespace {

using format::RuleKind;

// What makes the rule matter to a call, and the word for it.
struct Effect {
  TruthSet fires = TruthSet::NotFalse;
  std::string_view word;
};

Effect EffectOf(RuleKind kind) {
  switch (kind) {
    case RuleKind::Deny:
      return {TruthSet::NotFalse, "denies"};
    case RuleKind::Require:
      return {TruthSet::NotTrue, "denies"};
    case RuleKind::Allow:
      return {TruthSet::True, "admits"};
    default:
      return {TruthSet::NotFalse, "holds back"};
  }
}

void LabelCores(Analysis& analysis, const Scene& scene, Wish wish, Diagnostics::Builder& report) {
  const auto cubes = CubesOf(analysis.solver.conditions(), wish.formula_id, wish.wanted);
  if (cubes && !cubes->empty()) LabelCore(analysis, scene, cubes->front(), report);
}

void ReportNever(Analysis& analysis, const Scene& scene, const ir::Rule& rule) {
  const Effect effect = EffectOf(rule.kind);
  auto report =
      analysis.diagnostics.Report(diag::NeverFires, analysis.source, rule.span, effect.word);
  report.Help("no call makes its condition so");
  LabelCores(analysis, scene, {rule.condition_id, effect.fires}, report);
}

// A denial that fires only on what its condition cannot judge.
void ReportUnknownOnly(Analysis& analysis, const Scene& scene, const ir::Rule& rule) {
  auto report = analysis.diagnostics.Report(diag::NeverTrue, analysis.source, rule.span,
                                            EffectOf(rule.kind).word);
  report.Help("mend the conditions that exclude each other");
  LabelCores(analysis, scene, {rule.condition_id, TruthSet::True}, report);
}

void ReportAlways(Analysis& analysis, const Scene& scene, const ir::Rule& rule) {
  auto report = analysis.diagnostics.Report(diag::AlwaysFires, analysis.source, rule.span);
  report.Help("no call gets past its condition");
  LabelCores(analysis, scene, PassageOf(rule), report);
  const auto is_denied_by_it = [&](const Confirmed& confirmed) {
    return confirmed.outcome == Outcome::Deny &&
           std::ranges::find(confirmed.rule_ids, rule.id) != confirmed.rule_ids.end();
  };
  const std::array wishes = {DenialOf(rule)};
  if (auto witness = FindWitness(analysis, scene, wishes, {}, is_denied_by_it)) {
    report.Show(*std::move(witness));
  }
}

}  // namespace

void FindReach(Analysis& analysis, std::size_t block_index) {
  const ir::Block& block = analysis.policy.blocks[block_index];
  for (const ir::RuleId id : block.rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    if (!ir::HasCondition(rule.kind) || IsUnconditional(analysis.policy, rule)) continue;
    const bool admits = rule.kind == RuleKind::Allow || rule.kind == RuleKind::Approve;
    const Scene scene = SceneOf(analysis.policy, block, admits);
    const std::array fires = {Wish{rule.condition_id, EffectOf(rule.kind).fires}};
    if (analysis.solver.IsImpossible(scene, fires)) {
      ReportNever(analysis, scene, rule);
      analysis.is_reported[ir::IndexOf(id)] = true;
      continue;
    }
    const std::array is_true = {Wish{rule.condition_id, TruthSet::True}};
    const bool fires_on_unknown = rule.kind == RuleKind::Deny || rule.kind == RuleKind::Approve;
    if (fires_on_unknown && analysis.solver.IsImpossible(scene, is_true)) {
      ReportUnknownOnly(analysis, scene, rule);
      analysis.is_reported[ir::IndexOf(id)] = true;
      continue;
    }
    if (!Denies(rule)) continue;
    const std::array passes = {PassageOf(rule)};
    if (!analysis.solver.IsImpossible(scene, passes)) continue;
    ReportAlways(analysis, scene, rule);
    analysis.is_reported[ir::IndexOf(id)] = true;
  }
}

}  // namespace policy
