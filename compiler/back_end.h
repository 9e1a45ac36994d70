// The half of the compiler that no longer knows what a policy was written in.
#ifndef COMPILER_BACK_END_H_
#define COMPILER_BACK_END_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "compiler/ir/ir.h"
#include "compiler/passes/decision_cost.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

struct CompiledProgram {
  std::vector<std::byte> bytes;  // as Compile returns them
  DecisionCost worst;            // the dearest decision that they can make
};

// The program of a policy that RunFrontEnd gave; nullopt where an error was reported. The passes
// rewrite `policy`.
std::optional<CompiledProgram> RunBackEnd(ir::Policy& policy, const Source& source,
                                          const CompileOptions& options, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_BACK_END_H_
