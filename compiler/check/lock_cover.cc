#include "compiler/check/lock_cover.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "compiler/ir/access.h"
#include "compiler/resolve/pattern.h"
#include "policy/check.h"
#include "runtime/value/glob.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

// Where `text` stands in `span`, or all of `span`.
Span SpanOfText(const Checked& checked, Span span, std::string_view text) {
  const Source& source = checked.diagnostics.SourceOf(checked.source, span);
  const std::string_view within = source.text().substr(span.begin, span.end - span.begin);
  const std::size_t at = within.find(text);
  if (at == std::string_view::npos) return span;
  const auto begin = span.begin + static_cast<std::uint32_t>(at);
  return {begin, begin + static_cast<std::uint32_t>(text.size()), span.file};
}

void CheckPatterns(const Checked& checked, const LockCover& cover, const ir::Block& block) {
  for (const std::string& pattern : block.patterns) {
    if (MatchesEverything(pattern)) continue;
    if (!cover.ToolsOf(pattern, block.server).empty()) continue;
    const Span span = SpanOfText(checked, block.span, pattern);
    auto report =
        checked.diagnostics.Report(diag::PatternWithoutTool, checked.source, span, pattern);
    std::vector<std::string_view> names;
    for (const PinnedTool& tool : cover.tools()) {
      if (!block.server || tool.pin.server == *block.server) names.push_back(tool.tool.name);
    }
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    if (const auto meant = NearestWord(pattern, names)) {
      report.Help(fmt::format("did you mean `{}`?", meant->word));
      const bool is_exact = span.end - span.begin == pattern.size();
      if (meant->is_plain && is_exact) report.Replace(span, std::string(meant->word));
    } else if (names.size() <= 12) {
      report.Help("the lock has " + (names.empty() ? "no tool there" : Enumerate(names)));
    }
  }
}

void CheckServer(const Checked& checked, const catalog::ToolLock& lock, const ir::Block& block) {
  if (!block.server || lock.Find(*block.server) != nullptr) return;
  auto report =
      checked.diagnostics.Report(diag::ServerNotInLock, checked.source,
                                 SpanOfText(checked, block.span, *block.server), *block.server);
  std::vector<std::string_view> names;
  for (const catalog::LockedServer& server : lock.servers) names.push_back(server.name);
  if (const auto meant = NearestWord(*block.server, names)) {
    report.Help(fmt::format("did you mean `{}`?", meant->word));
  } else if (names.size() <= 12) {
    report.Help(fmt::format("the lock has {}", Enumerate(names)));
  }
}

bool Admits(const Checked& checked, const ir::Block& block) {
  return std::ranges::any_of(block.rule_ids, [&](ir::RuleId id) {
    return checked.rule(id).kind == format::RuleKind::Allow;
  });
}

void CheckTwoServers(const Checked& checked, const LockCover& cover, const ir::Block& block) {
  if (block.server || !Admits(checked, block)) return;
  for (const std::string& pattern : block.patterns) {
    if (MatchesEverything(pattern)) continue;
    const auto tools = cover.ToolsOf(pattern, std::nullopt);
    const auto other = std::ranges::find_if(
        tools, [&](const PinnedTool* tool) { return tool->pin.server != tools[0]->pin.server; });
    if (other == tools.end()) continue;
    checked.diagnostics
        .Report(diag::TwoServers, checked.source, SpanOfText(checked, block.span, pattern), pattern,
                tools[0]->pin.server, (*other)->pin.server)
        .Help(fmt::format("say which is meant: `on server \"{}\"`", tools[0]->pin.server));
  }
}

}  // namespace

LockCover::LockCover(const ir::Policy& policy, const catalog::ToolLock& lock) {
  for (const catalog::LockedServer& server : lock.servers) {
    for (const catalog::LockedTool& tool : server.tools) {
      const auto pin =
          std::ranges::lower_bound(*policy.lock, std::tie(tool.name, server.name), {},
                                   [](const ir::Pin& p) { return std::tie(p.tool, p.server); });
      CHECK(pin != policy.lock->end() && pin->tool == tool.name && pin->server == server.name);
      tools_.push_back({tool, *pin, catalog::ToolSchema(tool.input_schema)});
    }
  }
  for (std::size_t i = 0; i < tools_.size(); ++i) by_name_[tools_[i].tool.name].push_back(i);
  for (const ir::Block& block : policy.blocks) {
    if (!block.opens_arguments) continue;
    for (const PinnedTool* tool : ToolsOf(block)) {
      tools_[static_cast<std::size_t>(tool - tools_.data())].takes_any = true;
    }
  }
}

std::vector<const PinnedTool*> LockCover::ToolsOf(std::string_view pattern,
                                                  const std::optional<std::string>& server) const {
  std::vector<const PinnedTool*> found;
  const auto add = [&](const std::vector<std::size_t>& indexes) {
    for (const std::size_t i : indexes) {
      if (!server || tools_[i].pin.server == *server) found.push_back(&tools_[i]);
    }
  };
  if (IsExact(pattern)) {
    if (const auto named = by_name_.find(pattern); named != by_name_.end()) add(named->second);
    return found;
  }
  for (const auto& [name, indexes] : by_name_) {
    if (GlobMatches(pattern, name)) add(indexes);
  }
  return found;
}

std::vector<const PinnedTool*> LockCover::ToolsOf(const ir::Block& block) const {
  std::vector<const PinnedTool*> found;
  for (const std::string& pattern : block.patterns) {
    std::ranges::copy(ToolsOf(pattern, block.server), std::back_inserter(found));
  }
  std::ranges::sort(
      found, {}, [](const PinnedTool* tool) { return std::tie(tool->pin.tool, tool->pin.server); });
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

void CheckCover(const Checked& checked, const LockCover& cover, const catalog::ToolLock& lock,
                bool governs_one_server) {
  for (const ir::Block& block : checked.policy.blocks) {
    CheckServer(checked, lock, block);
    const bool knows_server = !block.server || lock.Find(*block.server) != nullptr;
    if (knows_server) CheckPatterns(checked, cover, block);
    if (!governs_one_server) CheckTwoServers(checked, cover, block);
  }
}

}  // namespace policy
