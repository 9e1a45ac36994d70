// Names and types: from the policy as written to rules over formulas over tests.
#ifndef COMPILER_RESOLVE_RESOLVE_H_
#define COMPILER_RESOLVE_RESOLVE_H_

#include <optional>

#include "compiler/ir/ir.h"
#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// The policy with every name looked up, every operator typed and every number exact, or nullopt
// with errors reported. `syntax` was read from `source`. Rules stand in the order of the policy:
// hides, then blocks.
std::optional<ir::Policy> Resolve(const ast::Policy& syntax, const Source& source,
                                  Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_RESOLVE_RESOLVE_H_
