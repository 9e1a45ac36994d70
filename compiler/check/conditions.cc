#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "compiler/check/findings.h"
#include "compiler/ir/access.h"

namespace policy {

namespace {

using format::Root;
using format::RuleKind;

// The tests below `condition`. Formulas stand after their operands, and readers bound how deep they
// nest.
void Collect(const Checked& checked, ir::FormulaId condition, bool negated,
             std::vector<UsedTest>& tests) {
  const ir::Formula& formula = checked.formula(condition);
  if (formula.kind == ir::FormulaKind::Test) {
    tests.push_back({&checked.test(formula.test_id), negated});
  }
  const bool inner = negated != (formula.kind == ir::FormulaKind::Not);
  for (const ir::FormulaId operand : formula.operands) Collect(checked, operand, inner, tests);
}

bool IsSame(const UsedTest& a, const UsedTest& b) {
  return a.negated == b.negated && a.test->value_id == b.test->value_id &&
         a.test->predicate == b.test->predicate && a.test->operand == b.test->operand &&
         a.test->when_absent == b.test->when_absent;
}

// Finds tests that say again what is said around them: `a and a`, and by absorption
// `a and (b or a)`. Alternatives that begin alike, `(a and b) or (a and c)`, repeat nothing.
// Rules have few conditions (kRuleConditionsMax), so every pair is looked at.
class Repetition {
 public:
  explicit Repetition(const Checked& checked) : checked_(checked) {}

  // The formula stands below the tests of known_: each of them is joined to all of it.
  void Look(ir::FormulaId id, bool negated) {
    const std::size_t known_before = known_.size();
    Part part;
    Split(id, negated, IsConjunction(id, negated), part);
    for (const UsedTest& used : part.tests) {
      const auto first =
          std::ranges::find_if(known_, [&](const UsedTest& known) { return IsSame(known, used); });
      if (first != known_.end()) {
        Report(*first, used);
      } else {
        known_.push_back(used);
      }
    }
    for (const auto& [below, below_negated] : part.below) Look(below, below_negated);
    known_.resize(known_before);
  }

 private:
  // What is joined in one go: tests, and junctions of the other kind.
  struct Part {
    std::vector<UsedTest> tests;
    std::vector<std::pair<ir::FormulaId, bool>> below;
  };

  // Whether the junction that the formula is under its negations joins by `and`.
  bool IsConjunction(ir::FormulaId id, bool negated) const {
    const ir::Formula* formula = &checked_.formula(id);
    for (; formula->kind == ir::FormulaKind::Not; negated = !negated) {
      formula = &checked_.formula(formula->operands[0]);
    }
    return (formula->kind == ir::FormulaKind::And) != negated;
  }

  void Split(ir::FormulaId id, bool negated, bool is_conjunction, Part& part) const {
    const ir::Formula& formula = checked_.formula(id);
    if (formula.kind == ir::FormulaKind::Test) {
      part.tests.push_back({&checked_.test(formula.test_id), negated});
    } else if (formula.kind == ir::FormulaKind::Not) {
      Split(formula.operands[0], !negated, is_conjunction, part);
    } else if (IsConjunction(id, negated) == is_conjunction) {
      for (const ir::FormulaId operand : formula.operands) {
        Split(operand, negated, is_conjunction, part);
      }
    } else {
      part.below.emplace_back(id, negated);
    }
  }

  void Report(const UsedTest& first, const UsedTest& again) const {
    checked_.diagnostics.Report(diag::ConditionTwice, checked_.source, again.test->span)
        .Note(first.test->span, "the same condition");
  }

  const Checked& checked_;
  std::vector<UsedTest> known_;
};

void CheckTrust(const Checked& checked, const ir::Rule& rule, const ir::Test& test) {
  const ir::Path* const at = ir::PathOf(checked.policy, test.value_id);
  if (at == nullptr) return;
  const ir::Path& path = *at;
  const auto* member = path.steps.empty() ? nullptr : std::get_if<std::string>(&path.steps[0]);
  if (path.root == Root::Client && member != nullptr) {
    checked.diagnostics.Report(diag::ClientTrusted, checked.source, test.span, *member)
        .Help("a client can call itself anything; decide by `grant` or `claims`");
  }
  const bool is_pinned = path.root == Root::Tool && member != nullptr &&
                         (*member == "category" || *member == "risk" || *member == "annotations");
  if (!is_pinned || checked.policy.lock || checked.lock_is_unreadable) return;
  auto report =
      rule.kind == RuleKind::Allow
          ? checked.diagnostics.Report(diag::NoLockForAllow, checked.source, test.span, *member)
          : checked.diagnostics.Report(diag::NoLock, checked.source, test.span, *member);
  report.Help("without a lock it is absent, and a condition on it is unknown");
}

void CheckAbsent(const Checked& checked, const ir::Test& test) {
  if (test.predicate != Predicate::Exists || !test.when_absent) return;
  checked.diagnostics.Report(diag::AbsentExists, checked.source, test.span).Help("remove `absent`");
}

}  // namespace

std::vector<UsedTest> TestsOf(const Checked& checked, const ir::Rule& rule) {
  std::vector<UsedTest> tests;
  const bool has_condition = rule.kind == RuleKind::Deny || rule.kind == RuleKind::Require ||
                             rule.kind == RuleKind::Allow || rule.kind == RuleKind::Approve;
  if (has_condition) Collect(checked, rule.condition_id, false, tests);
  return tests;
}

void CheckConditions(const Checked& checked) {
  for (const ir::Rule& rule : checked.policy.rules) {
    const std::vector<UsedTest> tests = TestsOf(checked, rule);
    if (!tests.empty()) Repetition(checked).Look(rule.condition_id, false);
    for (const UsedTest& used : tests) {
      CheckTrust(checked, rule, *used.test);
      CheckAbsent(checked, *used.test);
    }
  }
}

}  // namespace policy
