// From the plan to the bytes of a decision program.
#ifndef COMPILER_EMIT_EMIT_H_
#define COMPILER_EMIT_EMIT_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Always bytes that Verify accepts, or nullopt and an error that names the limit of format.h that
// the policy goes over. `source` is what the policy's spans lie in.
std::optional<std::vector<std::byte>> Emit(const ir::Policy& policy, const ir::Plan& plan,
                                           const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_EMIT_EMIT_H_
