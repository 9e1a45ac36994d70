// What a lock adds to a policy: its pins, and the rules that hold calls to them.
#ifndef COMPILER_RESOLVE_LOCK_RULES_H_
#define COMPILER_RESOLVE_LOCK_RULES_H_

#include "compiler/catalog/tool_lock.h"
#include "compiler/ir/ir.h"

namespace policy {

// Fills `policy.lock`: for conditions on `tool.annotations`, `tool.category` and `tool.risk`.
void AddPins(ir::Policy& policy, const catalog::ToolLock& lock);

// Adds the rules of id `/lock`. They deny a call to a tool that is not pinned for the called
// server, and one with a top-level argument that the tool's schema does not name, unless the schema
// says `additionalProperties` or a block that covers the tool says `args any`. Every pinned tool is
// named exactly, so that patterns are fused for it. REQUIRES: AddPins was called.
void AddLockRules(ir::Policy& policy);

}  // namespace policy

#endif  // COMPILER_RESOLVE_LOCK_RULES_H_
