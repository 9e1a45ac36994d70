#include "compiler/front_end.h"

#include "compiler/check/check.h"
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
  auto policy = Resolve(*syntax, source, diagnostics);
  if (policy) CheckPolicy(*policy, source, diagnostics);
  return policy;
}

}  // namespace policy
