// Every block that covers a tool, made one list of rules.
#ifndef COMPILER_PASSES_TOOL_FUSION_H_
#define COMPILER_PASSES_TOOL_FUSION_H_

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"

namespace policy {

// A plan without indexes and memo cells. A tool that some block names exactly gets the rules of all
// blocks that cover it; the patterns stay for the tools that nobody names. The pattern "*" adds
// rules to every tool but never admits one: it leaves out allow rules. Rules of a block for one
// server stand apart, guarded.
ir::Plan FuseTools(const ir::Policy& policy);

}  // namespace policy

#endif  // COMPILER_PASSES_TOOL_FUSION_H_
