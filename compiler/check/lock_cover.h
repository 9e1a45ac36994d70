// The tools of the lock, and which of them the blocks of a policy cover.
#ifndef COMPILER_CHECK_LOCK_COVER_H_
#define COMPILER_CHECK_LOCK_COVER_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/catalog/tool_lock.h"
#include "compiler/catalog/tool_schema.h"
#include "compiler/check/findings.h"

namespace policy {

// A pinned tool as checks look at it.
struct PinnedTool {
  const catalog::LockedTool& tool;
  const ir::Pin& pin;
  catalog::ToolSchema schema;
  bool takes_any = false;  // some block that covers it says `args any`
};

// Refers to the policy and the lock.
class LockCover {
 public:
  // REQUIRES: policy.lock was made from `lock`.
  LockCover(const ir::Policy& policy, const catalog::ToolLock& lock);

  // The tools that any pattern of the block matches, sorted by name, then server.
  std::vector<const PinnedTool*> ToolsOf(const ir::Block& block) const;
  std::vector<const PinnedTool*> ToolsOf(std::string_view pattern,
                                         const std::optional<std::string>& server) const;
  const std::vector<PinnedTool>& tools() const { return tools_; }

 private:
  std::vector<PinnedTool> tools_;
  std::map<std::string_view, std::vector<std::size_t>> by_name_;
};

// Reports names, patterns and servers that the lock does not know, and rules that admit tools of
// two servers. `governs_one_server`: a policy.json, which is attached to one.
void CheckCover(const Checked& checked, const LockCover& cover, const catalog::ToolLock& lock,
                bool governs_one_server);

}  // namespace policy

#endif  // COMPILER_CHECK_LOCK_COVER_H_
