#include "compiler/passes/dead_rules.h"

#include <vector>

#include "compiler/ir/access.h"

namespace policy {
namespace {

bool IsDead(const ir::Policy& policy, ir::RuleId id) {
  const ir::Rule& rule = ir::RuleOf(policy, id);
  if (!ir::HasCondition(rule.kind) || rule.kind == format::RuleKind::Allow) return false;
  const ir::Formula& condition = ir::FormulaOf(policy, rule.condition_id);
  const Truth silent = rule.kind == format::RuleKind::Require ? Truth::True : Truth::False;
  return condition.kind == ir::FormulaKind::Constant && condition.constant == silent;
}

}  // namespace

void DropDeadRules(ir::Policy& policy) {
  for (ir::Block& block : policy.blocks) {
    std::erase_if(block.rule_ids, [&policy](ir::RuleId id) { return IsDead(policy, id); });
  }
}

}  // namespace policy
