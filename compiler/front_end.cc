#include "compiler/front_end.h"

#include <string_view>

#include "compiler/check/check.h"
#include "compiler/check/schema_types.h"
#include "compiler/check/tests.h"
#include "compiler/lock_source.h"
#include "compiler/resolve/lock_rules.h"
#include "compiler/resolve/resolve.h"
#include "grammar/policy_json_reader.h"
#include "grammar/policy_text_reader.h"

namespace policy {

// A policy.json is an object, so it begins with `{`, which no statement of the text form does. A
// file of neither kind is read as what it is named.
bool IsPolicyJson(const Source& source) {
  if (source.name().ends_with(".json")) return true;
  const std::string_view text = source.text();
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') return true;
  return !source.name().ends_with(".policy");
}

std::optional<ast::Policy> ReadSyntax(const Source& source, const CompileOptions& options,
                                      Diagnostics& diagnostics) {
  if (IsPolicyJson(source)) return ReadPolicyJson(source, diagnostics);
  return ReadPolicyText(source, options.loader, diagnostics);
}

std::optional<ir::Policy> ResolvePolicy(const Source& source, const CompileOptions& options,
                                        Diagnostics& diagnostics) {
  const auto syntax = ReadSyntax(source, options, diagnostics);
  if (!syntax) return std::nullopt;
  CheckTests(syntax->tests, source, diagnostics);
  const auto lock = FindLock(*syntax, source, options, diagnostics);
  auto policy = Resolve(*syntax, source, diagnostics);
  if (!policy) return std::nullopt;
  if (lock && *lock) AddPins(*policy, (*lock)->tools);
  CheckPolicy(*policy, !lock, source, diagnostics);
  if (policy->lock) {
    const bool governs_one_server = syntax->form == ast::Form::Json;
    CheckAgainstLock(*policy, (*lock)->tools, source, governs_one_server, diagnostics);
  }
  if (!lock) return std::nullopt;
  if (policy->lock) AddLockRules(*policy);
  CheckExpectedRules(syntax->tests, *policy, source, diagnostics);
  return policy;
}

std::optional<ir::Policy> RunFrontEnd(const Source& source, const CompileOptions& options,
                                      Diagnostics& diagnostics) {
  auto policy = ResolvePolicy(source, options, diagnostics);
  return diagnostics.has_errors() ? std::nullopt : std::move(policy);
}

}  // namespace policy
