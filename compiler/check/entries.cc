#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/findings.h"
#include "compiler/ir/access.h"
#include "compiler/resolve/pattern.h"
#include "runtime/value/glob.h"

namespace policy {

namespace {

using format::RuleKind;

bool HasRule(const Checked& checked, const ir::Block& block, RuleKind kind) {
  return std::ranges::any_of(block.rule_ids,
                             [&](ir::RuleId id) { return checked.rule(id).kind == kind; });
}

// Rules of an entry that denies by its action: only the denial ever counts.
void CheckDenied(const Checked& checked, const ir::Block& block) {
  for (const ir::RuleId id : block.rule_ids) {
    const ir::Rule& deny = checked.rule(id);
    if (deny.kind != RuleKind::Deny || !AlwaysHolds(checked, deny.condition_id)) continue;
    for (const ir::RuleId other_id : block.rule_ids) {
      const ir::Rule& other = checked.rule(other_id);
      if (other_id == id || other.kind == RuleKind::Limit || other.kind == RuleKind::Allow)
        continue;
      checked.diagnostics
          .Report(diag::RuledAndDenied, checked.source, other.span, block.patterns[0])
          .Note(deny.span, "every call is denied here")
          .Help("remove one of the two");
      return;
    }
  }
}

// An exact entry for a tool that `hide` takes away. Patterns may cover other tools as well.
void CheckHidden(const Checked& checked, const ir::Block& block,
                 const std::vector<const ir::Block*>& hides) {
  if (!IsExact(block.patterns[0]) || DeniesAll(checked, block)) return;
  for (const ir::Block* hide : hides) {
    if (!GlobMatches(hide->patterns[0], block.patterns[0])) continue;
    checked.diagnostics.Report(diag::HiddenAndRuled, checked.source, block.span, block.patterns[0])
        .Note(hide->span, "hidden here, so every call is denied");
    return;
  }
}

// A condition of the entry on an argument that its `args` leaves out.
void CheckClosedArguments(const Checked& checked, const ir::Block& block) {
  const auto close_id = std::ranges::find(block.rule_ids, RuleKind::CloseArguments,
                                          [&](ir::RuleId id) { return checked.rule(id).kind; });
  if (close_id == block.rule_ids.end()) return;
  const ir::Rule& close = checked.rule(*close_id);
  for (const ir::RuleId id : block.rule_ids) {
    for (const UsedTest& used : TestsOf(checked, checked.rule(id))) {
      const ir::Test& test = *used.test;
      const ir::Path* const at = ir::PathOf(checked.policy, test.value_id);
      if (at == nullptr) continue;
      const ir::Path& path = *at;
      if (path.root != format::Root::Args || test.predicate == Predicate::Exists) continue;
      const auto* name = std::get_if<std::string>(&path.steps[0]);
      if (test.when_absent || name == nullptr) continue;
      if (std::ranges::binary_search(close.argument_names, *name)) continue;
      checked.diagnostics.Report(diag::ArgumentClosed, checked.source, test.span, *name)
          .Note(close.span, "`args` leaves it out, so it is never there")
          .Help("add it to `args`, or remove the condition");
    }
  }
}

void CheckStar(const Checked& checked, const ir::Block& block) {
  if (checked.policy.default_allows || !MatchesEverything(block.patterns[0])) return;
  if (!block.rule_ids.empty()) return;
  checked.diagnostics.Report(diag::StarAdmitsNothing, checked.source, block.span, block.patterns[0])
      .Help("name the tools that may be called, or patterns such as `get_*`");
}

// A rule with an empty list of conditions.
void CheckEmptyRule(const Checked& checked, const ir::Rule& rule) {
  if (rule.kind != RuleKind::Deny && rule.kind != RuleKind::Require) return;
  const ir::Formula& condition = checked.formula(rule.condition_id);
  if (condition.kind != ir::FormulaKind::And || !condition.operands.empty()) return;
  const bool denies = rule.kind == RuleKind::Deny;
  checked.diagnostics
      .Report(diag::AlwaysHolds, checked.source, rule.span, denies ? "denies" : "never denies")
      .Help(denies ? "if every call is to be denied, say `\"action\": \"deny\"`"
                   : "remove it, or give it conditions");
}

bool Admits(const Checked& checked, const ir::Block& block) {
  return HasRule(checked, block, RuleKind::Allow) && !DeniesAll(checked, block);
}

void CheckWhole(const Checked& checked) {
  const ir::Policy& policy = checked.policy;
  if (policy.default_allows) {
    const bool has_rule = std::ranges::any_of(
        policy.rules, [](const ir::Rule& rule) { return rule.kind != RuleKind::Allow; });
    if (has_rule || policy.lock) return;  // a lock denies what it does not hold
    checked.diagnostics.Report(diag::AllowsAll, checked.source, policy.default_span)
        .Help("deny by default, and admit each tool that may be called");
    return;
  }
  const bool admits = std::ranges::any_of(
      policy.blocks, [&](const ir::Block& block) { return Admits(checked, block); });
  if (admits) return;
  checked.diagnostics.Report(diag::AllowsNothing, checked.source, policy.default_span)
      .Help("a tool is admitted by `allow` in a block of its own, in policy.json by an entry `{}`");
}

}  // namespace

bool AlwaysHolds(const Checked& checked, ir::FormulaId condition) {
  const ir::Formula& formula = checked.formula(condition);
  return (formula.kind == ir::FormulaKind::Constant && formula.constant == Truth::True) ||
         (formula.kind == ir::FormulaKind::And && formula.operands.empty());
}

bool DeniesAll(const Checked& checked, const ir::Block& block) {
  return std::ranges::any_of(block.rule_ids, [&](ir::RuleId id) {
    const ir::Rule& rule = checked.rule(id);
    return rule.kind == RuleKind::Deny && AlwaysHolds(checked, rule.condition_id);
  });
}

void CheckEntries(const Checked& checked) {
  CheckWhole(checked);
  std::vector<const ir::Block*> hides;
  for (const ir::Block& block : checked.policy.blocks) {
    if (block.hides) hides.push_back(&block);
  }
  for (const ir::Block& block : checked.policy.blocks) {
    if (block.hides) continue;
    CheckDenied(checked, block);
    CheckHidden(checked, block, hides);
    CheckClosedArguments(checked, block);
    CheckStar(checked, block);
  }
  for (const ir::Rule& rule : checked.policy.rules) CheckEmptyRule(checked, rule);
}

}  // namespace policy
