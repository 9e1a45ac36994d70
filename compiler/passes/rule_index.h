// A switch in place of many rules that each ask for one value of the same argument.
#ifndef COMPILER_PASSES_RULE_INDEX_H_
#define COMPILER_PASSES_RULE_INDEX_H_

#include <cstddef>

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"

namespace policy {

inline constexpr std::size_t kIndexedRulesMin = 4;      // fewer are looked at one by one
inline constexpr std::size_t kIndexedLiteralsMax = 16;  // of one rule: it is copied to each branch

// Moves deny, require and approve rules of a tool that can fire only when some path equals a
// literal into indexes on that path: the path that serves most rules of the tool first. Allow rules
// stay: that they name the tool must be noted whether they hold or not.
void IndexRules(const ir::Policy& policy, ir::Plan& plan);

}  // namespace policy

#endif  // COMPILER_PASSES_RULE_INDEX_H_
