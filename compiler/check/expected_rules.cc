#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/check/tests.h"
#include "compiler/ir/access.h"
#include "grammar/json_fields.h"
#include "runtime/program/rule_ids.h"
#include "runtime/value/glob.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

constexpr std::size_t kIdsNamed = 8;

bool Covers(const ir::Block& block, const ast::TestCall& call) {
  // A call without `on server` is for the server that the command line or the lock names.
  if (block.server && call.server && *block.server != call.server->text) return false;
  return std::ranges::any_of(block.patterns, [&](const std::string& pattern) {
    return GlobMatches(pattern, call.tool.text);
  });
}

class ExpectedRules {
 public:
  explicit ExpectedRules(const ir::Policy& policy) : policy_(policy) {
    for (const ir::Block& block : policy.blocks) {
      for (const ir::RuleId id : block.rule_ids) {
        blocks_by_rule_[ir::RuleOf(policy, id).id].push_back(&block);
      }
    }
  }

  bool CanTakePart(const ast::TestCall& call) const {
    if (call.rule->text == kDefaultRuleId) return true;
    const auto found = blocks_by_rule_.find(call.rule->text);
    return found != blocks_by_rule_.end() &&
           std::ranges::any_of(found->second,
                               [&](const ir::Block* block) { return Covers(*block, call); });
  }

  // The ids of the rules that can, sorted.
  std::vector<std::string_view> IdsFor(const ast::TestCall& call) const {
    std::vector<std::string_view> ids = {kDefaultRuleId};
    for (const ir::Block& block : policy_.blocks) {
      if (!Covers(block, call)) continue;
      for (const ir::RuleId id : block.rule_ids) ids.push_back(ir::RuleOf(policy_, id).id);
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    return ids;
  }

 private:
  const ir::Policy& policy_;
  std::unordered_map<std::string_view, std::vector<const ir::Block*>> blocks_by_rule_;
};

}  // namespace

void CheckExpectedRules(std::span<const ast::Test> tests, const ir::Policy& policy,
                        const Source& source, Diagnostics& diagnostics) {
  const ExpectedRules rules(policy);
  for (const ast::Test& test : tests) {
    for (const ast::TestCall& call : test.calls) {
      if (!call.rule || rules.CanTakePart(call)) continue;
      const std::vector<std::string_view> ids = rules.IdsFor(call);
      auto report = diagnostics.Report(diag::ExpectedRuleUnknown, source, call.rule->span,
                                       call.tool.text, call.rule->text);
      if (const auto meant = NearestWord(call.rule->text, ids)) {
        report.Help(fmt::format("did you mean `{}`?", meant->word));
        if (meant->is_plain) report.Replace(call.rule->span, JsonQuoted(meant->word));
      } else {
        const auto named = std::span(ids).first(std::min(ids.size(), kIdsNamed));
        report.Help(fmt::format("those that can take part are {}{}", Enumerate(named),
                                named.size() < ids.size() ? " and more" : ""));
      }
    }
  }
}

}  // namespace policy
