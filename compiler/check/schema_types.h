// A policy held against the schemas of the tools that it governs.
#ifndef COMPILER_CHECK_SCHEMA_TYPES_H_
#define COMPILER_CHECK_SCHEMA_TYPES_H_

#include "compiler/catalog/tool_lock.h"
#include "compiler/ir/ir.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Reports, for every tool of the lock that a block covers, what its rules say of arguments that the
// tool's schema does not say: names, types, values, what may be absent. Some findings are errors.
// `governs_one_server`: a policy.json. REQUIRES: policy.lock was made from `lock`.
void CheckAgainstLock(const ir::Policy& policy, const catalog::ToolLock& lock, const Source& source,
                      bool governs_one_server, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_CHECK_SCHEMA_TYPES_H_
