#include "compiler/passes/pipeline.h"

#include "compiler/passes/constant_folding.h"
#include "compiler/passes/dead_rules.h"
#include "compiler/passes/rule_index.h"
#include "compiler/passes/shared_conditions.h"
#include "compiler/passes/tool_fusion.h"

namespace policy {

ir::Plan MakePlan(ir::Policy& policy, bool optimise) {
  if (!optimise) return FuseTools(policy);
  FoldConstants(policy);
  DropDeadRules(policy);
  ir::Plan plan = FuseTools(policy);
  ShareConditions(policy, plan);
  IndexRules(policy, plan);
  return plan;
}

}  // namespace policy
