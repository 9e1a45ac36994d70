// Expressions of a syntax tree as the text form spells them.
#ifndef GRAMMAR_TEXT_EXPRESSION_WRITER_H_
#define GRAMMAR_TEXT_EXPRESSION_WRITER_H_

#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast.h"

namespace policy {

// A name as the text form writes it: quoted where it has to be.
std::string NameText(std::string_view name);
std::string PathAsText(const ast::Path& path);

// Prints expressions of one policy. Parentheses stand where the grammar needs them and where the
// author put them. Refers to the policy.
class TextExpressionWriter {
 public:
  explicit TextExpressionWriter(const ast::Policy& policy) : policy_(policy) {}

  std::string Text(ast::ExpressionId id) const;

  // The expression in parts that may stand on lines of their own: operands of an outermost `and` or
  // `or`, each but the first with that word in front; anything else is one part.
  std::vector<std::string> Parts(ast::ExpressionId id) const;

 private:
  // What an operand may be without parentheses, from the loosest.
  enum class Level : std::uint8_t { Junction, Not, Comparison, Sum, Product, OrElse, Primary };

  static Level LevelOf(const ast::Expression& expression);
  std::string Operand(ast::ExpressionId id, Level loosest) const;
  std::string Plain(const ast::Expression& expression) const;
  std::string Joined(const std::vector<ast::ExpressionId>& ids) const;

  const ast::Policy& policy_;
};

}  // namespace policy

#endif  // GRAMMAR_TEXT_EXPRESSION_WRITER_H_
