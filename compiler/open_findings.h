// The findings of a compilation that its author has not let be.
#ifndef COMPILER_OPEN_FINDINGS_H_
#define COMPILER_OPEN_FINDINGS_H_

#include <vector>

#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// What is in `diagnostics` after `source` was compiled with these very options, but for what
// comments of the policy, or `allow_file` (the policyc.json beside it; null: there is none), let
// be. The findings are those of `diagnostics`, in their order.
std::vector<const Diagnostic*> OpenFindings(const Source& source, const Source* allow_file,
                                            const CompileOptions& options,
                                            const Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_OPEN_FINDINGS_H_
