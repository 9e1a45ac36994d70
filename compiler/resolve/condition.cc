#include "compiler/resolve/resolution.h"
#include "policy/check.h"

namespace policy {

namespace {

// The left side of a test: a path, or a path with a value for when it is absent.
struct Subject {
  ResolvedPath path;
  const ast::Expression* absent = nullptr;  // a Literal
};

std::optional<Subject> ResolveSubject(Resolution& resolution, ast::ExpressionId id) {
  const ast::Expression* expression = &ast::At(resolution.syntax, id);
  Subject subject;
  if (const auto* or_else = std::get_if<ast::OrElse>(&expression->node)) {
    subject.absent = &ast::At(resolution.syntax, or_else->literal_id);
    expression = &ast::At(resolution.syntax, or_else->path_id);
  }
  const auto* path = std::get_if<ast::Path>(&expression->node);
  CHECK(path != nullptr);
  auto resolved = ResolvePath(resolution, *path, expression->span);
  if (!resolved) return std::nullopt;
  subject.path = *std::move(resolved);
  return subject;
}

std::optional<ir::FormulaId> AddTest(Resolution& resolution, const Subject& subject,
                                     Predicate predicate, ir::Constant operand, Span span) {
  ir::Test test{.value_id = ValueAt(resolution, subject.path.path_id),
                .predicate = predicate,
                .operand = std::move(operand),
                .when_absent = std::nullopt,
                .span = span};
  if (subject.absent != nullptr) {
    test.when_absent =
        ResolveAbsent(resolution, predicate, test.operand,
                      std::get<ast::Literal>(subject.absent->node), subject.absent->span);
    if (!test.when_absent) return std::nullopt;
  }
  const auto test_id = static_cast<ir::TestId>(resolution.policy.tests.size());
  resolution.policy.tests.push_back(std::move(test));
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Test;
  formula.test_id = test_id;
  formula.span = span;
  return AddFormula(resolution, std::move(formula));
}

ir::FormulaId AddNot(Resolution& resolution, ir::FormulaId operand, Span span) {
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Not;
  formula.operands = {operand};
  formula.span = span;
  return AddFormula(resolution, std::move(formula));
}

std::optional<ir::FormulaId> ResolveComparison(Resolution& resolution,
                                               const ast::Comparison& comparison, Span span) {
  const auto subject = ResolveSubject(resolution, comparison.left);
  if (!subject) return std::nullopt;
  auto comparand = ResolveComparand(resolution, comparison, subject->path);
  if (!comparand) return std::nullopt;
  const auto formula_id =
      AddTest(resolution, *subject, comparand->predicate, std::move(comparand->operand), span);
  if (!formula_id || !comparand->negated) return formula_id;
  return AddNot(resolution, *formula_id, span);
}

std::optional<ir::FormulaId> ResolveJunction(Resolution& resolution, const ast::Junction& junction,
                                             Span span) {
  ir::Formula formula;
  formula.kind =
      junction.kind == ast::Junction::Kind::And ? ir::FormulaKind::And : ir::FormulaKind::Or;
  formula.span = span;
  bool is_whole = true;
  for (ast::ExpressionId operand : junction.operands) {
    // The readers bound how deep expressions nest.
    const auto operand_id = ResolveCondition(resolution, operand);
    is_whole = is_whole && operand_id.has_value();
    if (operand_id) formula.operands.push_back(*operand_id);
  }
  if (!is_whole) return std::nullopt;
  return AddFormula(resolution, std::move(formula));
}

}  // namespace

ir::FormulaId AddFormula(Resolution& resolution, ir::Formula formula) {
  resolution.policy.formulas.push_back(std::move(formula));
  return static_cast<ir::FormulaId>(resolution.policy.formulas.size() - 1);
}

std::optional<ir::FormulaId> ResolveCondition(Resolution& resolution, ast::ExpressionId id) {
  const ast::Expression& expression = ast::At(resolution.syntax, id);
  if (const auto* comparison = std::get_if<ast::Comparison>(&expression.node)) {
    return ResolveComparison(resolution, *comparison, expression.span);
  }
  if (const auto* junction = std::get_if<ast::Junction>(&expression.node)) {
    return ResolveJunction(resolution, *junction, expression.span);
  }
  if (const auto* negation = std::get_if<ast::Not>(&expression.node)) {
    const auto operand_id = ResolveCondition(resolution, negation->operand);
    if (!operand_id) return std::nullopt;
    return AddNot(resolution, *operand_id, expression.span);
  }
  const auto* has = std::get_if<ast::Has>(&expression.node);
  CHECK(has != nullptr);  // no reader makes other conditions yet
  const auto subject = ResolveSubject(resolution, has->path_id);
  if (!subject) return std::nullopt;
  return AddTest(resolution, *subject, Predicate::Exists, {}, expression.span);
}

}  // namespace policy
