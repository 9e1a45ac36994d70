// The half of the compiler that no longer knows what a policy was written in.
#ifndef COMPILER_BACK_END_H_
#define COMPILER_BACK_END_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "compiler/ir/ir.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// The program of a policy that RunFrontEnd gave, as Compile returns it. The passes rewrite
// `policy`.
std::optional<std::vector<std::byte>> RunBackEnd(ir::Policy& policy, const Source& source,
                                                 const CompileOptions& options,
                                                 Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_BACK_END_H_
