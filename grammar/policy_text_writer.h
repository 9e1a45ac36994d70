// A policy as text of the text form, laid out in the one way that `policyc fmt` knows.
#ifndef GRAMMAR_POLICY_TEXT_WRITER_H_
#define GRAMMAR_POLICY_TEXT_WRITER_H_

#include <string>

#include "grammar/ast.h"
#include "policy/source.h"

namespace policy {

// `source` is the text that the policy was read from: its order of statements, its comments and
// single blank lines are kept, and what it includes is left out. Null: a policy that was converted;
// everything is written, in the order of the tree's kinds. Reading the result gives the same
// policy, and writing that the same text. REQUIRES: a policy of the text form (ToTextForm makes one
// of a policy.json), read without errors.
std::string WritePolicyText(const ast::Policy& policy, const Source* source);

}  // namespace policy

#endif  // GRAMMAR_POLICY_TEXT_WRITER_H_
