// policy.json, version "1" (docs/policy-json.md), to the AST.
#ifndef GRAMMAR_POLICY_JSON_READER_H_
#define GRAMMAR_POLICY_JSON_READER_H_

#include <optional>

#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// The policy as written, or nullopt with an error reported. Finds as many mistakes as it can in one
// run; only what is no JSON at all stops it at the first. What is understood but not yet built is
// an error too, so that no part of a policy is ever ignored.
std::optional<ast::Policy> ReadPolicyJson(const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // GRAMMAR_POLICY_JSON_READER_H_
