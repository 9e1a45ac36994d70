// All that can be said about one policy: what compiling it reports, and what it means.
#ifndef COMPILER_DRIVER_POLICY_CHECK_H_
#define COMPILER_DRIVER_POLICY_CHECK_H_

#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Compiles the policy and, where it has no errors, reports the findings about its meaning too
// (compiler/analyse), each call in them confirmed by the interpreter. `source` outlives
// `diagnostics`.
void CheckPolicySource(const Source& source, const CompileOptions& options,
                       Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_DRIVER_POLICY_CHECK_H_
