// Rules that another makes idle: a denial within a denial, an allow of what is always denied.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/analyse/analysis.h"

namespace policy {

namespace {

using format::RuleKind;

// Pairs of rules that are compared for one block.
constexpr std::size_t kPairsMax = 2'000;

// A rule that may stand beside those of the block, with what it is about.
struct Placed {
  ir::RuleId rule_id{};
  const ir::Rule* rule = nullptr;
  std::size_t block = 0;
  std::span<const std::uint32_t> topics;
};

std::vector<Placed> RulesAround(const Analysis& analysis, std::size_t block) {
  std::vector<Placed> placed;
  for (const std::size_t other : analysis.cover.Covering(block)) {
    for (const ir::RuleId id : analysis.policy.blocks[other].rule_ids) {
      const ir::Rule& rule = analysis.rule(id);
      if (!ir::HasCondition(rule.kind) || analysis.is_reported[ir::IndexOf(id)]) continue;
      placed.push_back({id, &rule, other, analysis.topics[ir::IndexOf(id)]});
    }
  }
  return placed;
}

// What makes a rule fire, and what does not.
Wish FiringOf(const ir::Rule& rule) {
  if (Denies(rule)) return DenialOf(rule);
  return {rule.condition_id, rule.kind == RuleKind::Allow ? TruthSet::True : TruthSet::NotFalse};
}
Wish SilenceOf(const ir::Rule& rule) {
  if (Denies(rule)) return PassageOf(rule);
  return {rule.condition_id, rule.kind == RuleKind::Allow ? TruthSet::NotTrue : TruthSet::False};
}

bool Implies(Analysis& analysis, const Scene& scene, const ir::Rule& first,
             const ir::Rule& second) {
  const std::array wishes = {FiringOf(first), SilenceOf(second)};
  return analysis.solver.IsImpossible(scene, wishes);
}

// Whether leaving `inner` out would change nothing that anybody sees, if `outer` fires whenever it
// does.
bool MayShadow(const Analysis& analysis, const Placed& outer, const Placed& inner) {
  const ir::Rule& a = *outer.rule;
  const ir::Rule& b = *inner.rule;
  if (outer.rule_id == inner.rule_id || a.kind != b.kind) return false;
  const bool is_open = IsUnconditional(analysis.policy, a);
  if (is_open && Denies(a)) return false;  // said of the block as a whole
  if (!is_open && !ShareTopic(outer.topics, inner.topics)) return false;
  if (a.kind == RuleKind::Allow) return outer.block == inner.block;
  if (a.kind == RuleKind::Approve) {
    return a.approval_group == b.approval_group &&
           a.approval_within_seconds == b.approval_within_seconds;
  }
  // The first that fires speaks: one with words of its own may be there for them.
  return b.message == a.message || b.message.empty() || outer.rule_id < inner.rule_id;
}

std::string_view WordOf(const ir::Rule& rule) {
  if (Denies(rule)) return "denies";
  return rule.kind == RuleKind::Allow ? "admits" : "asks for a release of";
}

void FindShadowed(Analysis& analysis, const Scene& scene, const std::vector<Placed>& placed,
                  const Placed& inner, std::size_t& pairs) {
  if (IsUnconditional(analysis.policy, *inner.rule)) return;
  for (const Placed& outer : placed) {
    if (!MayShadow(analysis, outer, inner)) continue;
    if (++pairs > kPairsMax || !Implies(analysis, scene, *inner.rule, *outer.rule)) continue;
    // Of two that fire on the same calls the later is the one too many.
    const bool is_mutual = outer.block == inner.block && inner.rule_id < outer.rule_id &&
                           Implies(analysis, scene, *outer.rule, *inner.rule);
    if (is_mutual) continue;
    analysis.diagnostics
        .Report(diag::Shadowed, analysis.source, inner.rule->span, outer.rule->id,
                WordOf(*inner.rule))
        .Note(outer.rule->span, "this rule does the same for more calls, or for the same")
        .Help("remove one of the two, or mend the condition that was meant otherwise");
    analysis.is_reported[ir::IndexOf(inner.rule_id)] = true;
    return;
  }
}

void ReportOverridden(Analysis& analysis, const Scene& scene, const Placed& allow,
                      const std::vector<const Placed*>& denials) {
  auto report = analysis.diagnostics.Report(diag::AllowOverridden, analysis.source,
                                            allow.rule->span, denials[0]->rule->id);
  for (const Placed* denial : denials) report.Note(denial->rule->span, "denied here");
  report.Help("an allow lifts no deny: mend the condition that was meant otherwise");
  const auto is_denied = [&](const Confirmed& confirmed) {
    return confirmed.outcome == Outcome::Deny &&
           std::ranges::any_of(denials, [&](const Placed* denial) {
             return std::ranges::find(confirmed.rule_ids, denial->rule->id) !=
                    confirmed.rule_ids.end();
           });
  };
  const std::array wishes = {FiringOf(*allow.rule)};
  if (auto witness = FindWitness(analysis, scene, wishes, {}, is_denied)) {
    report.Show(*std::move(witness));
  }
  analysis.is_reported[ir::IndexOf(allow.rule_id)] = true;
}

// The fewest of `denials` that no call which the allow admits gets past. Empty: some may.
std::vector<const Placed*> Overriding(Analysis& analysis, const Scene& scene, const Placed& allow,
                                      std::vector<const Placed*> denials) {
  const auto is_overridden = [&](const std::vector<const Placed*>& by) {
    std::vector<Wish> wishes = {FiringOf(*allow.rule)};
    for (const Placed* denial : by) wishes.push_back(PassageOf(*denial->rule));
    return analysis.solver.IsImpossible(scene, wishes);
  };
  if (denials.empty() || !is_overridden(denials)) return {};
  for (std::size_t i = denials.size(); i-- > 0 && denials.size() > 1;) {
    std::vector<const Placed*> without = denials;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_overridden(without)) denials = std::move(without);
  }
  return denials;
}

void FindOverridden(Analysis& analysis, const Scene& scene, const std::vector<Placed>& placed,
                    const Placed& allow) {
  if (IsUnconditional(analysis.policy, *allow.rule)) return;
  std::vector<const Placed*> denials;
  for (const Placed& other : placed) {
    if (!Denies(*other.rule) || IsUnconditional(analysis.policy, *other.rule)) continue;
    if (ShareTopic(other.topics, allow.topics)) denials.push_back(&other);
  }
  const auto overriding = Overriding(analysis, scene, allow, std::move(denials));
  if (!overriding.empty()) ReportOverridden(analysis, scene, allow, overriding);
}

}  // namespace

void FindOverlaps(Analysis& analysis, std::size_t block_index) {
  const ir::Block& block = analysis.policy.blocks[block_index];
  const std::vector<Placed> placed = RulesAround(analysis, block_index);
  if (placed.size() < 2) return;
  std::size_t pairs = 0;
  for (const Placed& inner : placed) {
    if (inner.block != block_index) continue;
    const Scene scene = SceneOf(analysis.policy, block, inner.rule->kind == RuleKind::Allow);
    if (inner.rule->kind == RuleKind::Allow) FindOverridden(analysis, scene, placed, inner);
    if (!analysis.is_reported[ir::IndexOf(inner.rule_id)]) {
      FindShadowed(analysis, scene, placed, inner, pairs);
    }
  }
}

}  // namespace policy
