// The expressions of the text form, by recursive descent.
#ifndef TESTS_REFERENCE_EXPRESSION_READER_H_
#define TESTS_REFERENCE_EXPRESSION_READER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/reference/expression.h"
#include "tests/reference/place.h"
#include "tests/reference/token.h"

namespace reference {

using Lets = std::map<std::string, Expression>;  // name -> literal or list of them

// Throws TokenProblem for what is none.
class ExpressionReader {
 public:
  // Both are used, not kept, as long as this lives.
  ExpressionReader(Tokens& tokens, const Lets& lets) : tokens_(tokens), lets_(lets) {}

  Expression Condition();
  // A value without and, or, not and comparisons.
  Expression Sum();
  Expression LiteralOrList();
  Path NeedPath();

 private:
  std::vector<Step> Steps();
  Expression Negation();
  Expression Comparison();
  Expression Product();
  Expression OrElse();
  Expression Primary();
  Expression Quantifier();
  Expression Call();
  Expression Literal();
  Expression List();
  std::string TakeOperator();
  bool AtQuantifier() const;

  Tokens& tokens_;
  const Lets& lets_;
};

// "10m" in seconds.
std::int64_t SecondsOf(const std::string& duration);

}  // namespace reference

#endif  // TESTS_REFERENCE_EXPRESSION_READER_H_
