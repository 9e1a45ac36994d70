// What differs between the lock and the tools of a server, and the lock with those taken over.
#ifndef COMPILER_CATALOG_LOCK_CHANGES_H_
#define COMPILER_CATALOG_LOCK_CHANGES_H_

#include <string>
#include <vector>

#include "compiler/catalog/tool_lock.h"

namespace policy::catalog {

struct ToolChange {
  enum class Kind : std::uint8_t { New, Changed, Gone };
  Kind kind = Kind::New;
  std::string tool;
  std::vector<std::string> parts;  // Changed: "description", "inputSchema", …
};

// By tool. `before` may be null: everything is new.
std::vector<ToolChange> ChangesOf(const LockedServer* before, const LockedServer& now);

// Puts `now` in the place of the server of its name; other servers stay as they are. A tool that
// was there keeps its category and risk, which a reviewer gave it.
void TakeOver(ToolLock& lock, LockedServer now);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_LOCK_CHANGES_H_
