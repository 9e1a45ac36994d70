// From the policy as resolved to the plan that emit/ follows: the passes, in one visible list.
//
// No pass changes a decision, its rules or its message. Conditions are three-valued: nothing here
// may use the excluded middle (`a == 1 or a != 1` is unknown when a is).
#ifndef COMPILER_PASSES_PIPELINE_H_
#define COMPILER_PASSES_PIPELINE_H_

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"

namespace policy {

// Runs the passes over `policy`, which they may rewrite, and fuses its blocks into tools. With
// `optimise` false only the fusing is done, and every rule and condition stays as written.
ir::Plan MakePlan(ir::Policy& policy, bool optimise);

}  // namespace policy

#endif  // COMPILER_PASSES_PIPELINE_H_
