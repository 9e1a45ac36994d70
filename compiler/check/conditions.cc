#include <algorithm>
#include <string>
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

// Rules have few conditions (kRuleConditionsMax), so every pair is looked at.
void CheckRepeated(const Checked& checked, const std::vector<UsedTest>& tests) {
  for (std::size_t i = 1; i < tests.size(); ++i) {
    const auto here = tests.begin() + static_cast<std::ptrdiff_t>(i);
    const auto first =
        std::find_if(tests.begin(), here, [&](const UsedTest& t) { return IsSame(t, tests[i]); });
    if (first == here) continue;
    checked.diagnostics.Report(diag::ConditionTwice, checked.source, tests[i].test->span)
        .Note(first->test->span, "the same condition");
  }
}

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
  if (!is_pinned || checked.policy.lock) return;
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
    CheckRepeated(checked, tests);
    for (const UsedTest& used : tests) {
      CheckTrust(checked, rule, *used.test);
      CheckAbsent(checked, *used.test);
    }
  }
}

}  // namespace policy
