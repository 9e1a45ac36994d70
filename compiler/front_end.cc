#include "compiler/front_end.h"

#include "compiler/check/check.h"
#include "compiler/lock_source.h"
#include "compiler/resolve/lock_rules.h"
#include "compiler/resolve/resolve.h"
#include "grammar/policy_json_reader.h"

namespace policy {

std::optional<ast::Policy> ReadSyntax(const Source& source, const CompileOptions&,
                                      Diagnostics& diagnostics) {
  return ReadPolicyJson(source, diagnostics);
}

std::optional<ir::Policy> RunFrontEnd(const Source& source, const CompileOptions& options,
                                      Diagnostics& diagnostics) {
  const auto syntax = ReadSyntax(source, options, diagnostics);
  if (!syntax) return std::nullopt;
  const auto lock = FindLock(*syntax, source, options, diagnostics);
  auto policy = Resolve(*syntax, source, diagnostics);
  if (!policy) return std::nullopt;
  if (lock && *lock) AddPins(*policy, (*lock)->tools);
  CheckPolicy(*policy, source, diagnostics);
  if (!lock || diagnostics.has_errors()) return std::nullopt;
  if (policy->lock) AddLockRules(*policy);
  return policy;
}

}  // namespace policy
