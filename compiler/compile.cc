#include "compiler/back_end.h"
#include "compiler/emit/emit.h"
#include "compiler/front_end.h"
#include "compiler/passes/decision_cost.h"
#include "compiler/passes/pipeline.h"
#include "policy/compiler.h"

namespace policy {

std::optional<std::vector<std::byte>> RunBackEnd(ir::Policy& policy, const Source& source,
                                                 const CompileOptions& options,
                                                 Diagnostics& diagnostics) {
  const ir::Plan plan = MakePlan(policy, options.optimise);
  const std::size_t errors_before = diagnostics.error_count();
  CheckDecisionCost(policy, plan, source, diagnostics);
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  return Emit(policy, plan, source, diagnostics);
}

std::optional<std::vector<std::byte>> Compile(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics) {
  std::optional<ir::Policy> policy = RunFrontEnd(source, options, diagnostics);
  if (!policy) return std::nullopt;
  return RunBackEnd(*policy, source, options, diagnostics);
}

}  // namespace policy
