#include "tests/reference/expression.h"

#include <utility>

#include "tests/reference/comparison.h"
#include "tests/reference/function.h"

namespace reference {
namespace {

using Kind = Expression::Kind;

Value Look(const Path& path, const View& view) {
  for (auto each = view.variables.rbegin(); each != view.variables.rend(); ++each) {
    if (each->first == path.root) return Walk(each->second, path.steps);
  }
  if (path.root == "now" && path.steps.empty()) return Value::Time(view.now_ns);
  const Found found = Walk(view.roots.at(path.root), path.steps);
  if (found.kind == Found::Kind::Absent) return Value::Absent();
  return found.kind == Found::Kind::Broken ? Value::Unknown() : ValueOf(*found.value, UsableNumber);
}

void Note(View& view, const std::string& name, Truth truth) {
  if (view.reached != nullptr) ++(*view.reached)[{name, truth}];
}

Truth Has(const Value& value) {
  if (value.Is(Value::Kind::Unknown) || value.Is(Value::Kind::Null)) return Truth::Unknown;
  return value.Is(Value::Kind::Absent) ? Truth::False : Truth::True;
}

// Of what is absent, a server may make null or anything else.
Truth IsNull(const Value& value) {
  if (value.Is(Value::Kind::Unknown) || value.Is(Value::Kind::Absent)) return Truth::Unknown;
  return value.Is(Value::Kind::Null) ? Truth::True : Truth::False;
}

bool IsWritten(const Expression& expression) {
  return expression.kind == Kind::Literal || expression.kind == Kind::List;
}

Value EvaluateComparison(const Expression& expression, View& view) {
  const Value left = Evaluate(expression.operands.at(0), view);
  const Value right = Evaluate(expression.operands.at(1), view);
  const Truth truth = Compare(expression.name, left, right);
  const bool is_of_two = !IsWritten(expression.operands[0]) && !IsWritten(expression.operands[1]);
  Note(view, expression.name + (is_of_two ? " of two values" : ""), truth);
  if (left.Is(Value::Kind::Time) || right.Is(Value::Kind::Time))
    Note(view, expression.name + " of times", truth);
  if (left.Is(Value::Kind::Duration) || right.Is(Value::Kind::Duration))
    Note(view, expression.name + " of durations", truth);
  return Value::Of(truth);
}

Value EvaluateCall(const Expression& expression, View& view) {
  std::vector<Value> operands;
  for (const Expression& operand : expression.operands) operands.push_back(Evaluate(operand, view));
  Value value = ApplyFunction(expression.name, operands, view.zone);
  Note(view, expression.name + "()", value.Is(Value::Kind::Unknown) ? Truth::Unknown : Truth::True);
  return value;
}

Value EvaluateQuantifier(const Expression& expression, View& view) {
  const Value list = Evaluate(expression.operands.at(0), view);
  if (!list.Is(Value::Kind::List) || list.items.size() > kElementsMax) return Value::Unknown();
  Truth any = Truth::False;
  Truth all = Truth::True;
  std::size_t count = 0;
  bool all_known = true;
  for (const Value& element : list.items) {
    view.variables.emplace_back(expression.name, element);
    const Truth truth = Judge(expression.operands.at(1), view);
    view.variables.pop_back();
    any = Or(any, truth);
    all = And(all, truth);
    if (truth == Truth::True) ++count;
    if (truth == Truth::Unknown) all_known = false;
  }
  if (expression.kind == Kind::Any) return Value::Of(any);
  if (expression.kind == Kind::All) return Value::Of(all);
  return all_known ? Value::Count(count) : Value::Unknown();
}

Value EvaluateJunction(const Expression& expression, View& view) {
  const bool is_and = expression.kind == Kind::And;
  Truth truth = is_and ? Truth::True : Truth::False;
  for (const Expression& operand : expression.operands) {
    const Truth one = Judge(operand, view);
    truth = is_and ? And(truth, one) : Or(truth, one);
  }
  if (expression.operands.size() > 1) Note(view, is_and ? "and" : "or", truth);
  return Value::Of(truth);
}

}  // namespace

Expression Expression::Literal(Value value) {
  Expression expression;
  expression.literal = std::move(value);
  return expression;
}

Expression Expression::At(Path path) {
  Expression expression;
  expression.kind = Kind::Path;
  expression.path = std::move(path);
  return expression;
}

Expression Expression::Make(Kind kind, std::string name, std::vector<Expression> operands) {
  Expression expression;
  expression.kind = kind;
  expression.name = std::move(name);
  expression.operands = std::move(operands);
  return expression;
}

Value Evaluate(const Expression& expression, View& view) {
  switch (expression.kind) {
    case Kind::Literal:
      return expression.literal;
    case Kind::List: {
      std::vector<Value> items;
      for (const Expression& item : expression.operands) items.push_back(item.literal);
      return Value::List(std::move(items));
    }
    case Kind::Path:
      return Look(expression.path, view);
    case Kind::Not: {
      const Truth truth = Not(Judge(expression.operands.at(0), view));
      Note(view, "not", truth);
      return Value::Of(truth);
    }
    case Kind::And:
    case Kind::Or:
      return EvaluateJunction(expression, view);
    case Kind::Compare:
      return EvaluateComparison(expression, view);
    case Kind::Has:
    case Kind::IsNull: {
      const Value value = Evaluate(expression.operands.at(0), view);
      const bool is_has = expression.kind == Kind::Has;
      const Truth truth = is_has ? Has(value) : IsNull(value);
      Note(view, is_has ? "exists" : "is null", truth);
      return Value::Of(truth);
    }
    case Kind::OrElse: {
      Value value = Evaluate(expression.operands.at(0), view);
      const bool is_absent = value.Is(Value::Kind::Absent);
      if (is_absent) value = Evaluate(expression.operands.at(1), view);
      Note(view, "??", is_absent ? Truth::True : Truth::False);
      return value;
    }
    case Kind::Part: {
      Value value = Walk(Evaluate(expression.operands.at(0), view), expression.path.steps);
      Note(view, "[]", value.Is(Value::Kind::Unknown) ? Truth::Unknown : Truth::True);
      return value;
    }
    case Kind::Call:
      return EvaluateCall(expression, view);
    case Kind::Any:
    case Kind::All:
    case Kind::Count: {
      const Value value = EvaluateQuantifier(expression, view);
      const bool is_count = expression.kind == Kind::Count;
      const Truth known = value.Is(Value::Kind::Unknown) ? Truth::Unknown : Truth::True;
      Note(view,
           is_count                       ? "count"
           : expression.kind == Kind::Any ? "any"
                                          : "all",
           is_count ? known : TruthOf(value));
      return value;
    }
  }
  return Value::Unknown();
}

void AddPaths(const Expression& expression, std::vector<Path>& paths) {
  if (expression.kind == Kind::Path) paths.push_back(expression.path);
  for (const Expression& operand : expression.operands) AddPaths(operand, paths);
}

}  // namespace reference
