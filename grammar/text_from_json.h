// A policy.json's tree as a tree of the text form.
#ifndef GRAMMAR_TEXT_FROM_JSON_H_
#define GRAMMAR_TEXT_FROM_JSON_H_

#include "grammar/ast.h"

namespace policy {

// What policy.json says once for an entry (reason, approval, action) is said at each statement, and
// what its limits say of their counters stands where the counters are declared. The decisions are
// the same; rules get the ids of the text form when the text is read. `$schema` is left out.
// REQUIRES: a policy of the JSON form, read without errors.
ast::Policy ToTextForm(ast::Policy policy);

}  // namespace policy

#endif  // GRAMMAR_TEXT_FROM_JSON_H_
