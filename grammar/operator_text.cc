#include "grammar/operator_text.h"

namespace policy {

using ast::Operator;

std::string_view TextNameOf(ast::Operator op) {
  switch (op) {
#define OPERATOR(name, json, text) \
  case ast::Operator::name:        \
    return text;
#include "grammar/operators.def"
#undef OPERATOR
  }
  return "";
}

std::optional<Operator> Mirrored(Operator op) {
  switch (op) {
    case Operator::Equal:
    case Operator::NotEqual:
      return op;
    case Operator::Less:
      return Operator::Greater;
    case Operator::LessOrEqual:
      return Operator::GreaterOrEqual;
    case Operator::Greater:
      return Operator::Less;
    case Operator::GreaterOrEqual:
      return Operator::LessOrEqual;
    default:
      return std::nullopt;
  }
}

}  // namespace policy
