#include "compiler/passes/tool_fusion.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "compiler/ir/access.h"
#include "runtime/value/glob.h"

namespace policy {
namespace {

bool IsWild(std::string_view pattern) { return pattern.find('*') != std::string_view::npos; }

// Which of a block's patterns cover a tool.
struct Cover {
  bool covers = false;
  bool admits = false;  // by another pattern than "*"
};

Cover CoverOf(const ir::Block& block, std::string_view tool) {
  Cover cover;
  for (const std::string& pattern : block.patterns) {
    if (!GlobMatches(pattern, tool)) continue;
    cover.covers = true;
    if (pattern != "*") cover.admits = true;
  }
  return cover;
}

// The rules of a block for one server go behind that server's guard: for a call to another they do
// not even name the tool.
std::vector<ir::RuleId>& RulesFor(const ir::Block& block, ir::Code& code) {
  if (!block.server) return code.rule_ids;
  const auto found = std::ranges::find(code.guarded, *block.server, &ir::GuardedRules::server);
  if (found != code.guarded.end()) return found->rule_ids;
  return code.guarded.emplace_back(ir::GuardedRules{.server = *block.server}).rule_ids;
}

void AppendRules(const ir::Policy& policy, const ir::Block& block, bool admits, ir::Code& code) {
  for (const ir::RuleId id : block.rule_ids) {
    if (!admits && ir::RuleOf(policy, id).kind == format::RuleKind::Allow) continue;
    RulesFor(block, code).push_back(id);
  }
}

void PlanPatterns(const ir::Policy& policy, const ir::Block& block, ir::Plan& plan) {
  ir::PatternPlan narrow{.hidden = block.hides};
  ir::PatternPlan all{.hidden = block.hides};
  for (const std::string& pattern : block.patterns) {
    if (IsWild(pattern)) (pattern == "*" ? all : narrow).patterns.push_back(pattern);
  }
  // Of a block that holds "*" beside other patterns, "*" comes first and alone covers every tool;
  // a tool that both cover meets its rules twice, which a decision lists once.
  if (!all.patterns.empty()) {
    AppendRules(policy, block, false, all.code);
    plan.patterns.push_back(std::move(all));
  }
  if (!narrow.patterns.empty()) {
    AppendRules(policy, block, true, narrow.code);
    plan.patterns.push_back(std::move(narrow));
  }
}

}  // namespace

ir::Plan FuseTools(const ir::Policy& policy) {
  // Blocks that a tool may be in: those that name it, and those with a wildcard.
  std::map<std::string_view, std::vector<std::size_t>> named;
  std::vector<std::size_t> wild;
  for (std::size_t i = 0; i < policy.blocks.size(); ++i) {
    bool is_wild = false;
    for (const std::string& pattern : policy.blocks[i].patterns) {
      if (IsWild(pattern)) {
        is_wild = true;
      } else {
        named[pattern].push_back(i);
      }
    }
    if (is_wild) wild.push_back(i);
  }
  ir::Plan plan;
  for (const auto& [name, block_indexes] : named) {
    std::vector<std::size_t> candidates;
    std::ranges::merge(block_indexes, wild, std::back_inserter(candidates));
    const auto repeated = std::ranges::unique(candidates);
    candidates.erase(repeated.begin(), repeated.end());
    ir::ToolPlan tool{.name = std::string(name)};
    for (const std::size_t i : candidates) {
      const ir::Block& block = policy.blocks[i];
      const Cover cover = CoverOf(block, name);
      if (!cover.covers) continue;
      AppendRules(policy, block, cover.admits, tool.code);
      tool.hidden = tool.hidden || block.hides;
    }
    plan.tools.push_back(std::move(tool));
  }
  for (const ir::Block& block : policy.blocks) PlanPatterns(policy, block, plan);
  return plan;
}

}  // namespace policy
