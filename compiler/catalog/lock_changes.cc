#include "compiler/catalog/lock_changes.h"

#include <algorithm>
#include <utility>

#include "compiler/catalog/canonical_json.h"

namespace policy::catalog {

namespace {

std::string AnnotationsOf(const LockedTool& tool) {
  return tool.annotations ? CanonicalJson(*tool.annotations) : "";
}

std::vector<std::string> ChangedParts(const LockedTool& before, const LockedTool& now) {
  const ToolHashes old_hashes = HashesOf(before);
  const ToolHashes hashes = HashesOf(now);
  std::vector<std::string> parts;
  if (old_hashes.description != hashes.description) parts.emplace_back("description");
  if (old_hashes.input_schema != hashes.input_schema) parts.emplace_back("inputSchema");
  if (old_hashes.output_schema != hashes.output_schema) parts.emplace_back("outputSchema");
  if (AnnotationsOf(before) != AnnotationsOf(now)) parts.emplace_back("annotations");
  return parts;
}

const LockedTool* FindTool(const LockedServer* server, const std::string& name) {
  if (server == nullptr) return nullptr;
  const auto found = std::ranges::lower_bound(server->tools, name, {}, &LockedTool::name);
  return found == server->tools.end() || found->name != name ? nullptr : &*found;
}

}  // namespace

std::vector<ToolChange> ChangesOf(const LockedServer* before, const LockedServer& now) {
  std::vector<ToolChange> changes;
  for (const LockedTool& tool : now.tools) {
    const LockedTool* old = FindTool(before, tool.name);
    if (old == nullptr) {
      changes.push_back({.kind = ToolChange::Kind::New, .tool = tool.name, .parts = {}});
    } else if (auto parts = ChangedParts(*old, tool); !parts.empty()) {
      changes.push_back(
          {.kind = ToolChange::Kind::Changed, .tool = tool.name, .parts = std::move(parts)});
    }
  }
  if (before != nullptr) {
    for (const LockedTool& tool : before->tools) {
      if (FindTool(&now, tool.name) != nullptr) continue;
      changes.push_back({.kind = ToolChange::Kind::Gone, .tool = tool.name, .parts = {}});
    }
  }
  std::ranges::sort(changes, {}, &ToolChange::tool);
  return changes;
}

void TakeOver(ToolLock& lock, LockedServer now) {
  const LockedServer* before = lock.Find(now.name);
  for (LockedTool& tool : now.tools) {
    const LockedTool* old = FindTool(before, tool.name);
    if (old == nullptr) continue;
    tool.category = old->category;
    tool.risk = old->risk;
  }
  const auto place = std::ranges::lower_bound(lock.servers, now.name, {}, &LockedServer::name);
  if (before != nullptr) {
    *place = std::move(now);
  } else {
    lock.servers.insert(place, std::move(now));
  }
}

}  // namespace policy::catalog
