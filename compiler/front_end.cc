#include "compiler/front_end.h"

#include "compiler/check/check.h"
#include "compiler/resolve/resolve.h"
#include "grammar/policy_json_reader.h"

namespace policy {

std::optional<ir::Policy> RunFrontEnd(const Source& source, Diagnostics& diagnostics) {
  const auto syntax = ReadPolicyJson(source, diagnostics);
  if (!syntax) return std::nullopt;
  auto policy = Resolve(*syntax, source, diagnostics);
  if (policy) CheckPolicy(*policy, source, diagnostics);
  return policy;
}

}  // namespace policy
