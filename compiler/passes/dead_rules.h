// Rules that can never take part in a decision.
#ifndef COMPILER_PASSES_DEAD_RULES_H_
#define COMPILER_PASSES_DEAD_RULES_H_

#include "compiler/ir/ir.h"

namespace policy {

// Takes deny and approve rules whose condition is the constant false, and requirements that are the
// constant true, out of their blocks. The rules themselves stay, so that ids mean the same. An
// allow rule stays whatever its condition is: that it names the tool decides that the default does
// not. REQUIRES: FoldConstants ran.
void DropDeadRules(ir::Policy& policy);

}  // namespace policy

#endif  // COMPILER_PASSES_DEAD_RULES_H_
