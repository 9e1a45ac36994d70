// What can be said of a policy's tests without running them.
#ifndef COMPILER_CHECK_TESTS_H_
#define COMPILER_CHECK_TESTS_H_

#include <span>

#include "compiler/ir/ir.h"
#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Of the tests alone, of either form: names, times, expectations that fit their decision.
void CheckTests(std::span<const ast::Test> tests, const Source& source, Diagnostics& diagnostics);

// Of tests that stand in the policy: rules that they name and that never take part in a call.
// REQUIRES: `policy` has the rules of its lock.
void CheckExpectedRules(std::span<const ast::Test> tests, const ir::Policy& policy,
                        const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_CHECK_TESTS_H_
