// What is wrong with a policy that says something: rules without effect, limits that do not limit,
// conditions that trust what they should not.
#ifndef COMPILER_CHECK_CHECK_H_
#define COMPILER_CHECK_CHECK_H_

#include "compiler/ir/ir.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Reports the findings about a policy that was resolved from `source`. `lock_is_unreadable`: it has
// a lock, of which nothing is known, and what would be wrong without one is not reported.
void CheckPolicy(const ir::Policy& policy, bool lock_is_unreadable, const Source& source,
                 Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_CHECK_CHECK_H_
