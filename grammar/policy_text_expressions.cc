#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

using ast::ExpressionId;

// Adds an expression whose operands are `operands`. The grammar bounds what is nested by brackets;
// long sums and chains of `not` nest too, and later phases walk down all of it.
ExpressionId Add(TextFile& file, ast::Expression expression,
                 const std::vector<ExpressionId>& operands) {
  PolicyTextReader& reader = file.reader;
  std::uint16_t depth = 1;
  for (ExpressionId id : operands) {
    const std::uint16_t below = reader.depths[static_cast<std::size_t>(id)];
    depth = std::max(depth, static_cast<std::uint16_t>(below + 1));
  }
  if (depth == kExpressionDepthMax + 1) {
    constexpr Expected kLess{.what = "less", .sort = Expected::Sort::TooDeep};
    ReportMistake(file.input, expression.span.begin, expression.span.begin, kLess);
  }
  // What is deeper still was reported with what is below it.
  depth = std::min(depth, static_cast<std::uint16_t>(kExpressionDepthMax + 2));
  reader.depths.push_back(depth);
  reader.policy.expressions.push_back(std::move(expression));
  return static_cast<ExpressionId>(reader.policy.expressions.size() - 1);
}

std::string_view SourceText(const TextFile& file, Span span) {
  return file.input.source.text().substr(span.begin, span.end - span.begin);
}

// --- Literals and paths.

ExpressionId AddLiteral(TextFile& file, TextView view, ast::LiteralKind kind) {
  ast::Literal literal;
  literal.kind = kind;
  literal.boolean = view.kind() == TextKind::TrueLiteral;
  literal.raw = view.kind() == TextKind::RawString;
  if (kind == ast::LiteralKind::String || kind == ast::LiteralKind::Number) {
    literal.text = ReadWord(file, view).text;
  }
  return Add(file, {std::move(literal), view.span()}, {});
}

ExpressionId AddDuration(TextFile& file, TextView view) {
  constexpr std::uint32_t kSecondsMax = 0xFFFFFFFF;
  ast::Literal literal;
  literal.kind = ast::LiteralKind::Duration;
  literal.text = view.text();
  const bool is_zero = literal.text.find_first_of("123456789") == std::string::npos;
  const auto seconds = SecondsOf(literal.text, kSecondsMax);
  literal.seconds = seconds.value_or(0);
  if (!seconds && !is_zero) {
    ReportBadDuration(file.input.root, file.input.diagnostics, view.span(), literal.text,
                      kSecondsMax);
  }
  return Add(file, {std::move(literal), view.span()}, {});
}

ExpressionId AddList(TextFile& file, TextView view) {
  ast::List list;
  for (TextView child : view.children()) list.items.push_back(ReadExpression(file, child));
  if (list.items.size() > kSetMembersMax) {
    ReportTooMany(file.input.root, file.input.diagnostics, view.span(), "a list", list.items.size(),
                  kSetMembersMax);
  }
  const std::vector<ExpressionId> operands = list.items;
  return Add(file, {std::move(list), view.span()}, operands);
}

std::optional<ast::Step> ReadStep(TextFile& file, TextView step, TextView whole) {
  if (step.kind() == TextKind::PathMember) return std::string(step.text());
  if (step.kind() == TextKind::String) return ReadWord(file, step).text;
  std::uint32_t index = 0;
  const std::string_view digits = step.text();
  const auto error = std::from_chars(digits.data(), digits.data() + digits.size(), index).ec;
  if (error == std::errc() && index <= kPathIndexMax) return index;
  ReportInvalidPath(file.input.root, file.input.diagnostics, step.span(), whole.text(),
                    fmt::format("list elements are numbered up to {}", kPathIndexMax));
  return std::nullopt;
}

ExpressionId AddPath(TextFile& file, TextView view) {
  ast::Path path;
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::PathRoot) {
      path.root = {std::string(child.text()), child.span()};
    } else if (path.steps.size() == kPathStepsMax) {
      ReportInvalidPath(file.input.root, file.input.diagnostics, child.span(), view.text(),
                        fmt::format("it has more than {} steps", kPathStepsMax));
      break;
    } else if (auto step = ReadStep(file, child, view)) {
      path.steps.push_back(*std::move(step));
    }
  }
  const std::string& root = path.root.text;
  const bool is_variable =
      std::ranges::find(file.reader.variables, root) != file.reader.variables.end();
  if ((root == "session" || root == "result") && !path.steps.empty() && !is_variable) {
    ReportNotBuiltYet(file.input.root, file.input.diagnostics, view.span(),
                      fmt::format("`{}`", view.text()));
  }
  return Add(file, {std::move(path), view.span()}, {});
}

ExpressionId AddOrElse(TextFile& file, TextView view) {
  std::vector<ExpressionId> operands;
  for (TextView child : view.children()) operands.push_back(ReadExpression(file, child));
  return Add(file, {ast::OrElse{operands[0], operands[1]}, view.span()}, operands);
}

// f(a, b), and the steps into what it makes
ExpressionId AddCall(TextFile& file, TextView view) {
  ast::Call call;
  std::vector<ast::Step> steps;
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::FunctionName) {
      call.function = {std::string(child.text()), child.span()};
    } else if (child.kind() == TextKind::PathMember || child.kind() == TextKind::String ||
               child.kind() == TextKind::PathIndex) {
      if (auto step = ReadStep(file, child, view)) steps.push_back(*std::move(step));
    } else {
      call.arguments.push_back(ReadExpression(file, child));
    }
  }
  const std::vector<ExpressionId> operands = call.arguments;
  ExpressionId id = Add(file, {std::move(call), view.span()}, operands);
  for (ast::Step& step : steps) {
    id = Add(file, {ast::Part{id, std::move(step)}, view.span()}, {id});
  }
  return id;
}

// --- What is made of operands.

ast::Arithmetic::Kind KindOfSign(std::string_view sign) {
  return sign == "+" ? ast::Arithmetic::Kind::Add : ast::Arithmetic::Kind::Subtract;
}

// a + b - c, a * b * c: from the left.
ExpressionId AddArithmetic(TextFile& file, TextView view) {
  std::optional<ExpressionId> left;
  auto kind = ast::Arithmetic::Kind::Multiply;
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::SumSign) {
      kind = KindOfSign(child.text());
      continue;
    }
    const ExpressionId operand = ReadExpression(file, child);
    const Span span = file.input.SpanOf(view.span().begin, child.span().end);
    left =
        left ? Add(file, {ast::Arithmetic{kind, *left, operand}, span}, {*left, operand}) : operand;
  }
  return *left;
}

ast::Operator OperatorOf(std::string_view text) {
  if (text.starts_with("not")) return ast::Operator::NotIn;
  constexpr std::pair<std::string_view, ast::Operator> kOperators[] = {
#define OPERATOR(name, json, text) {text, ast::Operator::name},
#include "grammar/operators.def"
#undef OPERATOR
  };
  for (const auto& [spelling, op] : kOperators) {
    if (spelling == text) return op;
  }
  return ast::Operator::Equal;
}

bool IsPath(const TextFile& file, ExpressionId id) {
  return std::holds_alternative<ast::Path>(ast::At(file.reader.policy, id).node);
}

// path is null, path is not null
ExpressionId AddNullTest(TextFile& file, TextView test, ExpressionId path_id, Span span) {
  if (!IsPath(file, path_id)) {
    constexpr Expected kPath{.what = "a path before `is null`"};
    ReportMistake(file.input, span.begin, span.begin, kPath);
  }
  const ExpressionId is_null = Add(file, {ast::IsNull{path_id}, span}, {path_id});
  if (test.kind() == TextKind::IsNull) return is_null;
  return Add(file, {ast::Not{is_null}, span}, {is_null});
}

// a < b < c: `second` is the second operator and `middle` what stands before it.
void ReportChained(TextFile& file, TextView second, Span middle) {
  auto report =
      file.input.diagnostics.Report(diag::ChainedComparison, file.input.root, second.span());
  if (second.kind() != TextKind::ComparisonOperator) return;
  report.Help("compare twice, with `and` between")
      .Replace(file.input.SpanOf(second.span().begin, second.span().begin),
               fmt::format("and {} ", SourceText(file, middle)));
}

ExpressionId AddComparison(TextFile& file, TextView view) {
  std::optional<ExpressionId> result;
  std::optional<TextView> op;
  Span last;
  int tests = 0;
  for (TextView child : view.children()) {
    const Span span = file.input.SpanOf(view.span().begin, child.span().end);
    const bool is_null_test =
        child.kind() == TextKind::IsNull || child.kind() == TextKind::IsNotNull;
    if (is_null_test || child.kind() == TextKind::ComparisonOperator) {
      if (++tests == 2) ReportChained(file, child, last);
    }
    if (is_null_test) {
      if (tests == 1) result = AddNullTest(file, child, *result, span);
    } else if (child.kind() == TextKind::ComparisonOperator) {
      op = child;
    } else {
      const ExpressionId operand = ReadExpression(file, child);
      result = !op ? operand
                   : Add(file,
                         {ast::Comparison{.op = OperatorOf(op->text()),
                                          .op_span = op->span(),
                                          .left = *result,
                                          .right = operand},
                          span},
                         {*result, operand});
      last = child.span();
    }
  }
  return *result;
}

ExpressionId AddNegation(TextFile& file, TextView view) {
  std::vector<Span> nots;
  std::optional<ExpressionId> result;
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::NotWord) {
      nots.push_back(child.span());
    } else {
      result = ReadExpression(file, child);
    }
  }
  for (const Span& word : nots | std::views::reverse) {
    const Span span = file.input.SpanOf(word.begin, view.span().end);
    result = Add(file, {ast::Not{*result}, span}, {*result});
  }
  return *result;
}

// `a and b or c`: `and` binds tighter where it can be mixed, so that is the mend.
void ReportMixed(TextFile& file, TextView view, Span second) {
  std::string mended;
  Span group;
  std::size_t group_size = 0;
  const auto close = [&] {
    if (group_size == 0) return;
    const std::string_view text = SourceText(file, group);
    mended += group_size > 1 ? fmt::format("({})", text) : std::string(text);
    group_size = 0;
  };
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::AndWord) continue;
    if (child.kind() == TextKind::OrWord) {
      close();
      mended += " or ";
      continue;
    }
    if (group_size++ == 0) group = child.span();
    group.end = child.span().end;
  }
  close();
  file.input.diagnostics.Report(diag::MixedJunction, file.input.root, second)
      .Help(fmt::format("write `{}`, or put the parentheses where you mean them", mended))
      .Replace(view.span(), mended);
}

ExpressionId AddJunction(TextFile& file, TextView view) {
  ast::Junction junction;
  std::optional<TextKind> kind;
  bool is_mixed = false;
  for (TextView child : view.children()) {
    if (child.kind() != TextKind::AndWord && child.kind() != TextKind::OrWord) {
      junction.operands.push_back(ReadExpression(file, child));
      continue;
    }
    if (kind && *kind != child.kind() && !std::exchange(is_mixed, true)) {
      ReportMixed(file, view, child.span());
    }
    if (!kind) kind = child.kind();
  }
  junction.kind = kind == TextKind::OrWord ? ast::Junction::Kind::Or : ast::Junction::Kind::And;
  const std::vector<ExpressionId> operands = junction.operands;
  return Add(file, {std::move(junction), view.span()}, operands);
}

ast::Quantifier::Kind QuantifierKindOf(std::string_view word) {
  return word == "any"   ? ast::Quantifier::Kind::Any
         : word == "all" ? ast::Quantifier::Kind::All
                         : ast::Quantifier::Kind::Count;
}

ExpressionId AddQuantifier(TextFile& file, TextView view) {
  ast::Quantifier quantifier;
  std::vector<ExpressionId> operands;
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::QuantifierWord) {
      quantifier.kind = QuantifierKindOf(child.text());
    } else if (child.kind() == TextKind::Identifier) {
      quantifier.variable = {std::string(child.text()), child.span()};
    } else {
      operands.push_back(ReadExpression(file, child));
      // The list is not the variable's to see.
      if (operands.size() == 1) file.reader.variables.push_back(quantifier.variable.text);
    }
  }
  file.reader.variables.pop_back();
  quantifier.list_id = operands[0];
  quantifier.body_id = operands[1];
  return Add(file, {std::move(quantifier), view.span()}, operands);
}

}  // namespace

ast::ExpressionId ReadExpression(TextFile& file, TextView view) {
  using enum TextKind;
  switch (view.kind()) {
    case NullLiteral:
      return AddLiteral(file, view, ast::LiteralKind::Null);
    case TrueLiteral:
    case FalseLiteral:
      return AddLiteral(file, view, ast::LiteralKind::Bool);
    case Number:
      return AddLiteral(file, view, ast::LiteralKind::Number);
    case String:
    case RawString:
      return AddLiteral(file, view, ast::LiteralKind::String);
    case Duration:
      return AddDuration(file, view);
    case List:
      return AddList(file, view);
    case Path:
      return AddPath(file, view);
    case Call:
      return AddCall(file, view);
    case Quantifier:
      return AddQuantifier(file, view);
    case Has: {
      const ExpressionId path_id = ReadExpression(file, view.first_child());
      return Add(file, {ast::Has{path_id}, view.span()}, {path_id});
    }
    case Parenthesised: {
      const ExpressionId id = ReadExpression(file, view.first_child());
      file.reader.policy.expressions[static_cast<std::size_t>(id)].in_parentheses = true;
      return id;
    }
    default:
      break;
  }
  if (view.has_one_child()) return ReadExpression(file, view.first_child());
  switch (view.kind()) {
    case Junction:
      return AddJunction(file, view);
    case Negation:
      return AddNegation(file, view);
    case Comparison:
      return AddComparison(file, view);
    case OrElse:
      return AddOrElse(file, view);
    default:
      return AddArithmetic(file, view);
  }
}

}  // namespace policy
