// The groups of checks, each a file: for check.cc only; others want check.h.
#ifndef COMPILER_CHECK_FINDINGS_H_
#define COMPILER_CHECK_FINDINGS_H_

#include <vector>

#include "compiler/ir/ir.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// A policy under check and where to report.
struct Checked {
  const ir::Policy& policy;
  const Source& source;
  Diagnostics& diagnostics;
  bool lock_is_unreadable = false;

  const ir::Rule& rule(ir::RuleId id) const { return policy.rules[static_cast<std::size_t>(id)]; }
  const ir::Formula& formula(ir::FormulaId id) const {
    return policy.formulas[static_cast<std::size_t>(id)];
  }
  const ir::Test& test(ir::TestId id) const { return policy.tests[static_cast<std::size_t>(id)]; }
  const ir::Counter& counter(ir::CounterId id) const {
    return policy.counters[static_cast<std::size_t>(id)];
  }
};

// Tools and their entries: what is denied, hidden or open whatever its other rules say.
void CheckEntries(const Checked& checked);
// Conditions one by one: what they trust, what they cannot say.
void CheckConditions(const Checked& checked);
// Limits that are easy to get around, or that limit nothing.
void CheckLimits(const Checked& checked);

// Limits that another always stops first, and counters of two units.
void CheckLimitPairs(const Checked& checked);

// A test as a rule uses it: through any number of negations.
struct UsedTest {
  const ir::Test* test = nullptr;
  bool negated = false;
};

// The tests of the rule's condition, as written; empty for a kind of rule that has none.
std::vector<UsedTest> TestsOf(const Checked& checked, const ir::Rule& rule);

// Whether `condition` is written as always true.
bool AlwaysHolds(const Checked& checked, ir::FormulaId condition);
// Whether the block denies every call, whatever else it says.
bool DeniesAll(const Checked& checked, const ir::Block& block);

}  // namespace policy

#endif  // COMPILER_CHECK_FINDINGS_H_
