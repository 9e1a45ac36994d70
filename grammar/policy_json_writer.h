// A policy of the text form as policy.json.
#ifndef GRAMMAR_POLICY_JSON_WRITER_H_
#define GRAMMAR_POLICY_JSON_WRITER_H_

#include <optional>
#include <string>

#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// The same decisions for every call. nullopt: something that policy.json has no words for was
// reported, each such place once. What a text can lose without a change of meaning (comments, names
// of `let`) is lost, comments with a warning. REQUIRES: a policy of the text form, read without
// errors from `source`.
std::optional<std::string> WritePolicyJson(const ast::Policy& policy, const Source& source,
                                           Diagnostics& diagnostics);

}  // namespace policy

#endif  // GRAMMAR_POLICY_JSON_WRITER_H_
