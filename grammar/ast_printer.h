// The AST as text, for `policyc dump --as ast`: close to the text form, for people, not to be read
// back.
#ifndef GRAMMAR_AST_PRINTER_H_
#define GRAMMAR_AST_PRINTER_H_

#include <string>

#include "grammar/ast.h"

namespace policy {

// The same text for the same policy.
std::string PrintAst(const ast::Policy& policy);

}  // namespace policy

#endif  // GRAMMAR_AST_PRINTER_H_
