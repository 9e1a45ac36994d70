// The half of the compiler that knows what a policy was written in.
#ifndef COMPILER_FRONT_END_H_
#define COMPILER_FRONT_END_H_

#include <optional>

#include "compiler/ir/ir.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Reads, checks and resolves the policy: all that can be said about it is in `diagnostics`.
// nullopt when an error was reported. `source` has to outlive the diagnostics.
std::optional<ir::Policy> RunFrontEnd(const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_FRONT_END_H_
