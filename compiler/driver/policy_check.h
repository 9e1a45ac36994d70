// All that can be said about one policy: what compiling it reports, and what it means.
#ifndef COMPILER_DRIVER_POLICY_CHECK_H_
#define COMPILER_DRIVER_POLICY_CHECK_H_

#include <optional>

#include "compiler/passes/decision_cost.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Compiles the policy and reports the findings about its meaning too (compiler/analyse), each call
// in them confirmed by the interpreter; a policy with errors has findings without calls. `source`
// outlives `diagnostics`. What a decision can cost; nullopt where an error was reported.
std::optional<DecisionCost> CheckPolicySource(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_DRIVER_POLICY_CHECK_H_
