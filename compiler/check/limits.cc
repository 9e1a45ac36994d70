#include <algorithm>
#include <string>
#include <vector>

#include "compiler/check/findings.h"
#include "compiler/resolve/pattern.h"
#include "runtime/value/glob.h"

namespace policy {

namespace {

using format::RuleKind;

bool EndsWithSession(const ir::Counter& counter) {
  return std::ranges::any_of(counter.scopes, [](const ir::Scope& scope) {
    return scope.kind == format::ScopeKind::Session;
  });
}

bool HasLastingLimit(const Checked& checked, const ir::Block& block) {
  return std::ranges::any_of(block.rule_ids, [&](ir::RuleId id) {
    const ir::Rule& rule = checked.rule(id);
    return rule.kind == RuleKind::Limit && !EndsWithSession(checked.counter(rule.limit.counter_id));
  });
}

// Whether every tool that `inner` names is one of `outer` too, as far as the patterns alone tell.
bool Covers(const ir::Block& outer, const ir::Block& inner) {
  return std::ranges::all_of(inner.patterns, [&](const std::string& name) {
    return std::ranges::any_of(outer.patterns, [&](const std::string& pattern) {
      return pattern == name || MatchesEverything(pattern) ||
             (IsExact(name) && GlobMatches(pattern, name));
    });
  });
}

// A bucket lets its burst through at once, and then what drains.
void CheckBurst(const Checked& checked, const ir::Rule& rule) {
  const ir::Counter& counter = checked.counter(rule.limit.counter_id);
  if (counter.algorithm != format::Algorithm::Bucket || rule.limit.max == 0) return;
  std::int64_t one = 1;
  for (int i = 0; i < counter.scale; ++i) one *= 10;
  if (rule.limit.burst > rule.limit.max) {
    checked.diagnostics.Report(diag::BurstAboveMax, checked.source, rule.span, counter.name)
        .Help("lower `burst`, or raise `max`");
  } else if (rule.limit.cost == format::CostKind::One && rule.limit.burst < one) {
    checked.diagnostics.Report(diag::BurstBelowOne, checked.source, rule.span, counter.name)
        .Help("a call is charged 1: the burst has to be at least that");
  }
}

}  // namespace

void CheckLimits(const Checked& checked) {
  // Blocks of patterns with a limit that outlives the session: those that can cover another block.
  std::vector<const ir::Block*> lasting;
  for (const ir::Block& block : checked.policy.blocks) {
    if (!std::ranges::all_of(block.patterns, IsExact) && HasLastingLimit(checked, block)) {
      lasting.push_back(&block);
    }
  }
  for (const ir::Block& block : checked.policy.blocks) {
    const bool denies_all = DeniesAll(checked, block);
    for (const ir::RuleId id : block.rule_ids) {
      const ir::Rule& rule = checked.rule(id);
      if (rule.kind != RuleKind::Limit) continue;
      CheckBurst(checked, rule);
      if (denies_all) {
        checked.diagnostics
            .Report(diag::LimitOfDenied, checked.source, rule.span, block.patterns[0])
            .Help("remove the limit, or the denial");
      }
      const ir::Counter& counter = checked.counter(rule.limit.counter_id);
      if (!EndsWithSession(counter) || HasLastingLimit(checked, block)) continue;
      const bool is_covered = std::ranges::any_of(
          lasting, [&](const ir::Block* other) { return Covers(*other, block); });
      if (!is_covered) {
        checked.diagnostics.Report(diag::SessionLimitAlone, checked.source, rule.span, counter.name)
            .Help("put a limit with scope `grant` beside it");
      }
    }
  }
}

}  // namespace policy
