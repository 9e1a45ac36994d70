// The operators of conditions as texts spell them, and which say the same.
#ifndef GRAMMAR_OPERATOR_TEXT_H_
#define GRAMMAR_OPERATOR_TEXT_H_

#include <optional>
#include <string_view>

#include "grammar/ast.h"

namespace policy {

// "==", "starts_with": as the text form spells it.
std::string_view TextNameOf(ast::Operator op);

// The operator that says the same with its sides exchanged: `5 < a` is `a > 5`. nullopt: there is
// none.
std::optional<ast::Operator> Mirrored(ast::Operator op);

}  // namespace policy

#endif  // GRAMMAR_OPERATOR_TEXT_H_
