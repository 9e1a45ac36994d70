// Which lock a policy stands under.
#ifndef COMPILER_LOCK_SOURCE_H_
#define COMPILER_LOCK_SOURCE_H_

#include <expected>
#include <optional>

#include "compiler/catalog/tool_lock.h"
#include "grammar/ast.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// A lock, and the text it was read from.
struct LockInForce {
  catalog::ToolLock tools;
  const Source* source = nullptr;  // never null
};

// The lock that `options` give, else the one that the policy's `use tools` names, else the one
// beside the policy. The optional is empty where there is none; the error: one could not be read,
// which was reported.
struct LockNotFound {};
std::expected<std::optional<LockInForce>, LockNotFound> FindLock(const ast::Policy& syntax,
                                                                 const Source& source,
                                                                 const CompileOptions& options,
                                                                 Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_LOCK_SOURCE_H_
