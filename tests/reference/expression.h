// Conditions and amounts as a tree, and what they say of a call: LANGUAGE's tables, a row at a
// time.
#ifndef TESTS_REFERENCE_EXPRESSION_H_
#define TESTS_REFERENCE_EXPRESSION_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/reference/json.h"
#include "tests/reference/place.h"
#include "tests/reference/value.h"

namespace reference {

struct Expression {
  enum class Kind {
    Literal,
    List,  // of literals
    Path,
    Not,
    And,
    Or,
    Compare,  // `name`: "eq", "in" as policy.json spells it; "like"
    Has,
    IsNull,
    OrElse,  // path, literal
    Call,    // `name`: "domain", "+"
    Part,    // of a value that is made, along the steps of `path`
    Any,     // `name`: the variable; list, body
    All,
    Count,
  };

  Kind kind = Kind::Literal;
  std::string name;
  Value literal;
  Path path;
  std::vector<Expression> operands;

  static Expression Literal(Value value);
  static Expression At(Path path);
  static Expression Make(Kind kind, std::string name, std::vector<Expression> operands);
};

// How often each operator came out how: what a generator has reached. A function or an amount that
// is known counts as true.
using Reached = std::map<std::pair<std::string, Truth>, std::uint64_t>;

// What an expression can see.
struct View {
  std::map<std::string, Json> roots;  // args, tool, grant, claims, client, now
  std::int64_t now_ns = 0;
  std::string zone;                                      // the policy's
  std::vector<std::pair<std::string, Value>> variables;  // the innermost last
  Reached* reached = nullptr;                            // null: nothing is counted
};

// Every operand is looked at, in any case. `view` gains and loses variables on the way.
Value Evaluate(const Expression& expression, View& view);
inline Truth Judge(const Expression& expression, View& view) {
  return TruthOf(Evaluate(expression, view));
}

// Every path that the expression names, variables and all.
void AddPaths(const Expression& expression, std::vector<Path>& paths);

}  // namespace reference

#endif  // TESTS_REFERENCE_EXPRESSION_H_
