#include "compiler/back_end.h"
#include "compiler/emit/emit.h"
#include "compiler/front_end.h"
#include "compiler/passes/pipeline.h"
#include "policy/compiler.h"

namespace policy {

std::optional<CompiledProgram> RunBackEnd(ir::Policy& policy, const Source& source,
                                          const CompileOptions& options, Diagnostics& diagnostics) {
  const ir::Plan plan = MakePlan(policy, options.optimise);
  DecisionCost worst = WorstDecision(policy, plan);
  if (!CheckDecisionCost(worst, source, diagnostics)) return std::nullopt;
  auto bytes = Emit(policy, plan, source, diagnostics);
  if (!bytes) return std::nullopt;
  return CompiledProgram{*std::move(bytes), std::move(worst)};
}

std::optional<std::vector<std::byte>> Compile(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics) {
  std::optional<ir::Policy> policy = RunFrontEnd(source, options, diagnostics);
  if (!policy) return std::nullopt;
  auto compiled = RunBackEnd(*policy, source, options, diagnostics);
  if (!compiled) return std::nullopt;
  return std::move(compiled->bytes);
}

}  // namespace policy
