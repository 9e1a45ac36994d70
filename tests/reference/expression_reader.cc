#include "tests/reference/expression_reader.h"

#include <utility>

#include "tests/reference/text.h"

namespace reference {
namespace {

using Kind = Expression::Kind;

constexpr std::int64_t kSecondNs = 1'000'000'000;

// now, time(…), and either with a duration added or taken off.
bool IsTime(const Expression& expression) {
  if (expression.kind == Kind::Path)
    return expression.path.root == "now" && expression.path.steps.empty();
  if (expression.kind != Kind::Call) return false;
  if (expression.name == "time") return true;
  const bool is_sum = expression.name == "+" || expression.name == "-";
  if (!is_sum || !IsTime(expression.operands.at(0))) return false;
  return expression.name == "+" || !IsTime(expression.operands.at(1));
}

// A text that is written beside a time is one.
void ReadAsTime(Expression& expression, const Expression& beside) {
  if (expression.kind != Kind::Literal || !expression.literal.Is(Value::Kind::String)) return;
  if (!IsTime(beside)) return;
  const auto time_ns = ReadTime(expression.literal.text);
  if (!time_ns) throw TokenProblem{"time " + expression.literal.text};
  expression.literal = Value::Time(*time_ns);
}

}  // namespace

// Operands of one kind: `and` and `or` do not mix.
Expression ExpressionReader::Condition() {
  std::vector<Expression> operands = {Negation()};
  const std::string word = tokens_.NextIs("and") ? "and" : "or";
  while (tokens_.Take(word)) operands.push_back(Negation());
  if (operands.size() == 1) return std::move(operands[0]);
  if (tokens_.NextIs("and") || tokens_.NextIs("or")) throw TokenProblem{"and beside or"};
  return Expression::Make(word == "and" ? Kind::And : Kind::Or, "", std::move(operands));
}

Expression ExpressionReader::Negation() {
  if (!tokens_.Take("not")) return Comparison();
  return Expression::Make(Kind::Not, "", {Negation()});
}

std::string ExpressionReader::TakeOperator() {
  static const std::vector<std::pair<std::string, std::string>> names = {
      {"==", "eq"},
      {"!=", "neq"},
      {"<=", "lte"},
      {"<", "lt"},
      {">=", "gte"},
      {">", "gt"},
      {"in", "in"},
      {"matches", "regex"},
      {"like", "like"},
      {"contains", "contains"},
      {"starts_with", "starts_with"},
      {"ends_with", "ends_with"},
      {"under", "under"},
      {"host_in", "host_in"}};
  if (tokens_.NextIs("not") && tokens_.NextIs("in", 1)) {
    tokens_.Need("not");
    tokens_.Need("in");
    return "not_in";
  }
  for (const auto& [text, name] : names) {
    if (tokens_.Take(text)) return name;
  }
  return "";
}

Expression ExpressionReader::Comparison() {
  Expression left = Sum();
  if (tokens_.Take("is")) {
    const bool is_negated = tokens_.Take("not");
    tokens_.Need("null");
    Expression is_null = Expression::Make(Kind::IsNull, "", {std::move(left)});
    return is_negated ? Expression::Make(Kind::Not, "", {std::move(is_null)}) : is_null;
  }
  const std::string op = TakeOperator();
  if (op.empty()) return left;
  Expression right = Sum();
  ReadAsTime(left, right);
  ReadAsTime(right, left);
  return Expression::Make(Kind::Compare, op, {std::move(left), std::move(right)});
}

Expression ExpressionReader::Sum() {
  Expression sum = Product();
  while (tokens_.NextIs("+") || tokens_.NextIs("-")) {
    const std::string mark = tokens_.Need(Token::Kind::Mark);
    sum = Expression::Make(Kind::Call, mark, {std::move(sum), Product()});
  }
  return sum;
}

Expression ExpressionReader::Product() {
  Expression product = OrElse();
  while (tokens_.Take("*"))
    product = Expression::Make(Kind::Call, "*", {std::move(product), OrElse()});
  return product;
}

Expression ExpressionReader::OrElse() {
  Expression first = Primary();
  if (!tokens_.Take("??")) return first;
  return Expression::Make(Kind::OrElse, "", {std::move(first), Literal()});
}

bool ExpressionReader::AtQuantifier() const {
  const bool is_word = tokens_.NextIs("any") || tokens_.NextIs("all") || tokens_.NextIs("count");
  return is_word && tokens_.Next(1).kind == Token::Kind::Word && tokens_.NextIs("in", 2);
}

Expression ExpressionReader::Primary() {
  if (tokens_.Take("(")) {
    Expression inner = Condition();
    tokens_.Need(")");
    return inner;
  }
  if (tokens_.Take("has")) return Expression::Make(Kind::Has, "", {Expression::At(NeedPath())});
  if (AtQuantifier()) return Quantifier();
  if (tokens_.NextIs("[")) return List();
  if (!tokens_.NextIs(Token::Kind::Word) || tokens_.NextIs("true") || tokens_.NextIs("false"))
    return Literal();
  if (tokens_.NextIs("(", 1)) return Call();
  if (const auto let = lets_.find(tokens_.Next().text); let != lets_.end()) {
    tokens_.Need(Token::Kind::Word);
    return let->second;
  }
  return Expression::At(NeedPath());
}

// The body is one comparison, or stands in parentheses.
Expression ExpressionReader::Quantifier() {
  const std::string word = tokens_.Need(Token::Kind::Word);
  const Kind kind = word == "any" ? Kind::Any : word == "all" ? Kind::All : Kind::Count;
  const std::string variable = tokens_.Need(Token::Kind::Word);
  tokens_.Need("in");
  Expression list = Sum();
  tokens_.Need(":");
  return Expression::Make(kind, variable, {std::move(list), Negation()});
}

Expression ExpressionReader::Call() {
  const std::string function = tokens_.Need(Token::Kind::Word);
  tokens_.Need("(");
  std::vector<Expression> operands = {Sum()};
  while (tokens_.Take(",")) operands.push_back(Sum());
  tokens_.Need(")");
  Expression call = Expression::Make(Kind::Call, function, std::move(operands));
  std::vector<Step> steps = Steps();
  if (steps.empty()) return call;
  Expression part = Expression::Make(Kind::Part, "", {std::move(call)});
  part.path.steps = std::move(steps);
  return part;
}

Expression ExpressionReader::Literal() {
  if (tokens_.NextIs(Token::Kind::String))
    return Expression::Literal(Value::String(tokens_.Need(Token::Kind::String)));
  if (tokens_.Take("true")) return Expression::Literal(Value::Bool(true));
  if (tokens_.Take("false")) return Expression::Literal(Value::Bool(false));
  if (const auto let = lets_.find(tokens_.Next().text);
      let != lets_.end() && tokens_.NextIs(Token::Kind::Word)) {
    tokens_.Need(Token::Kind::Word);
    return let->second;
  }
  const std::string sign = tokens_.Take("-") ? "-" : "";
  if (tokens_.NextIs(Token::Kind::Duration)) {
    const std::int64_t size_ns = SecondsOf(tokens_.Need(Token::Kind::Duration)) * kSecondNs;
    return Expression::Literal(Value::Duration(sign.empty() ? size_ns : -size_ns));
  }
  const auto number = ExactNumber(sign + tokens_.Need(Token::Kind::Number));
  if (!number) throw TokenProblem{"a number out of range"};
  return Expression::Literal(Value::Number(*number));
}

Expression ExpressionReader::List() {
  tokens_.Need("[");
  std::vector<Expression> items;
  while (!tokens_.Take("]")) {
    items.push_back(Literal());
    if (!tokens_.NextIs("]")) tokens_.Need(",");
  }
  return Expression::Make(Kind::List, "", std::move(items));
}

Expression ExpressionReader::LiteralOrList() { return tokens_.NextIs("[") ? List() : Literal(); }

Path ExpressionReader::NeedPath() {
  Path path;
  path.root = tokens_.Need(Token::Kind::Word);
  path.steps = Steps();
  return path;
}

std::vector<Step> ExpressionReader::Steps() {
  std::vector<Step> steps;
  for (;;) {
    Step step;
    if (tokens_.Take(".")) {
      step.name = tokens_.Need(Token::Kind::Word);
    } else if (tokens_.Take("[")) {
      if (tokens_.NextIs(Token::Kind::String)) {
        step.name = tokens_.Need(Token::Kind::String);
      } else {
        step.index = std::stoul(tokens_.Need(Token::Kind::Number));
      }
      tokens_.Need("]");
    } else {
      return steps;
    }
    steps.push_back(std::move(step));
  }
}

std::int64_t SecondsOf(const std::string& duration) {
  const std::int64_t count = std::stoll(duration);
  switch (duration.back()) {
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    case 'd':
      return count * 86400;
    default:
      return count;
  }
}

}  // namespace reference
