// Costs that may be below 0 as far as any condition tells. Under a lock compiler/check looks at the
// schema instead.
#include <algorithm>
#include <array>
#include <set>

#include "compiler/analyse/analysis.h"
#include "compiler/ir/print.h"

namespace policy {

namespace {

using format::RuleKind;

// The argument that the limit charges, perhaps with a value for where it is absent. nullopt: its
// cost is made of others, or cannot be negative.
std::optional<ir::ValueId> ChargedArgument(const ir::Policy& policy, const ir::Rule& rule) {
  if (rule.kind != RuleKind::Limit || rule.limit.cost != format::CostKind::Amount) {
    return std::nullopt;
  }
  ir::ValueId value_id = rule.limit.cost_value_id;
  const ir::Value& value = ir::ValueOf(policy, value_id);
  if (value.kind == ir::ValueKind::Applied && value.function == Function::OrElse) {
    value_id = value.operands[0];
  }
  const ir::Path* path = ir::PathOf(policy, value_id);
  if (path == nullptr || path->root != format::Root::Args) return std::nullopt;
  return value_id;
}

// A call that nothing but the limit denies, for its cost of -1.
std::optional<Witness> DeniedByCost(Analysis& analysis, std::size_t block_index,
                                    ir::ValueId argument, const ir::Rule& limit) {
  const ir::Block& block = analysis.policy.blocks[block_index];
  const std::vector<Wish> passages = PassagesOf(analysis, block_index);
  const Scene scene = SceneOf(analysis.policy, block, true);
  const std::array forced = {Assigned{argument, {.form = Form::Number, .json = "-1"}}};
  const auto is_by_cost = [&](const Confirmed& confirmed) {
    return confirmed.outcome == Outcome::Deny &&
           std::ranges::find(confirmed.rule_ids, limit.id) != confirmed.rule_ids.end();
  };
  const auto find = [&](std::vector<Wish> wishes) {
    wishes.insert(wishes.end(), passages.begin(), passages.end());
    return FindWitness(analysis, scene, wishes, forced, is_by_cost);
  };
  bool has_allow = false;
  for (const ir::RuleId id : block.rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    if (rule.kind != RuleKind::Allow) continue;
    has_allow = true;
    if (auto witness = find({{rule.condition_id, TruthSet::True}})) return witness;
  }
  return has_allow ? std::nullopt : find({});
}

}  // namespace

void FindNegativeCosts(Analysis& analysis, std::size_t block_index) {
  if (analysis.policy.lock) return;
  std::set<ir::ValueId> seen;  // limits that charge the same amount are one mistake
  for (const ir::RuleId id : analysis.policy.blocks[block_index].rule_ids) {
    const ir::Rule& rule = analysis.rule(id);
    const auto argument = ChargedArgument(analysis.policy, rule);
    if (!argument || !seen.insert(*argument).second) continue;
    auto witness = DeniedByCost(analysis, block_index, *argument, rule);
    if (!witness) continue;
    const std::string path = ir::PathText(*ir::PathOf(analysis.policy, *argument));
    analysis.diagnostics.Report(diag::CostBelowZero, analysis.source, rule.span, path)
        .Help("`require " + path + " >= 0` says so to the agent")
        .Show(*std::move(witness));
  }
}

}  // namespace policy
