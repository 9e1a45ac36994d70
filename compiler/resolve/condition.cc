#include <utility>

#include "compiler/resolve/resolution.h"
#include "policy/check.h"

namespace policy {

namespace {

ir::FormulaId AddConstant(Resolution& resolution, bool holds, Span span) {
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Constant;
  formula.constant = ToTruth(holds);
  formula.span = span;
  return AddFormula(resolution, std::move(formula));
}

void ReportNotCondition(Resolution& resolution, const Term& term, std::string_view seen) {
  auto report = resolution.diagnostics.Report(diag::NotACondition, resolution.source, term.span,
                                              term.text, seen);
  if (term.type == ValueType::Number && term.kind == Term::Kind::Value) {
    report.Help("compare it: `(" + term.text + ") > 0`");
  } else {
    report.Help("compare it with something, or name a value that is true or false");
  }
}

// A value where a condition is wanted: it has to be true.
std::optional<ir::FormulaId> ResolveBoolean(Resolution& resolution, ast::ExpressionId id,
                                            Span span) {
  const auto term = ResolveTerm(resolution, id);
  if (!term) return std::nullopt;
  if (term->kind == Term::Kind::Constant && term->type == ValueType::Bool) {
    return AddConstant(resolution, std::get<bool>(term->constant), span);
  }
  const bool is_bool = term->type == ValueType::Any || term->type == ValueType::Bool;
  const bool is_else_bool = !term->absent || std::holds_alternative<bool>(*term->absent);
  if (term->kind == Term::Kind::Value && is_bool && is_else_bool) {
    return AddTest(resolution, *term, {Predicate::EqualBool, true}, span);
  }
  std::string_view seen = NameOf(term->type);
  if (term->kind == Term::Kind::Set) seen = "a list";
  if (term->kind == Term::Kind::Null) seen = "null";
  if (!is_else_bool) seen = "no boolean where it is absent";
  ReportNotCondition(resolution, *term, seen);
  return std::nullopt;
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

// `has path`, `path is null`.
std::optional<ir::FormulaId> ResolvePresence(Resolution& resolution, ast::ExpressionId path_id,
                                             Predicate predicate, Span span) {
  const auto term = ResolveTerm(resolution, path_id);
  if (!term) return std::nullopt;
  if (term->kind == Term::Kind::Value) return AddTest(resolution, *term, {predicate, {}}, span);
  resolution.diagnostics
      .Report(diag::AlwaysThere, resolution.source, term->span, WordsAt(resolution, term->span))
      .Help("only what the call may leave out can be asked for: `args.cc`");
  return std::nullopt;
}

}  // namespace

ir::FormulaId AddFormula(Resolution& resolution, ir::Formula formula) {
  resolution.policy.formulas.push_back(std::move(formula));
  return static_cast<ir::FormulaId>(resolution.policy.formulas.size() - 1);
}

ir::FormulaId AddNot(Resolution& resolution, ir::FormulaId operand, Span span) {
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Not;
  formula.operands = {operand};
  formula.span = span;
  return AddFormula(resolution, std::move(formula));
}

ir::FormulaId AddTest(Resolution& resolution, const Term& term, Comparand comparand, Span span) {
  CHECK(term.kind == Term::Kind::Value);
  ir::Test test{.value_id = term.value_id,
                .predicate = comparand.predicate,
                .operand = std::move(comparand.operand),
                .when_absent = std::nullopt,
                .span = span};
  if (term.absent) test.when_absent = ApplyToConstant(test.predicate, test.operand, *term.absent);
  ir::Formula formula;
  formula.kind = ir::FormulaKind::Test;
  formula.test_id = static_cast<ir::TestId>(resolution.policy.tests.size());
  formula.span = span;
  resolution.policy.tests.push_back(std::move(test));
  return AddFormula(resolution, std::move(formula));
}

std::optional<ir::FormulaId> ResolveCondition(Resolution& resolution, ast::ExpressionId id) {
  const ast::Expression& expression = ast::At(resolution.syntax, id);
  const Span span = expression.span;
  if (const auto* comparison = std::get_if<ast::Comparison>(&expression.node)) {
    return ResolveComparison(resolution, *comparison, span);
  }
  if (const auto* junction = std::get_if<ast::Junction>(&expression.node)) {
    return ResolveJunction(resolution, *junction, span);
  }
  if (const auto* negation = std::get_if<ast::Not>(&expression.node)) {
    const auto operand_id = ResolveCondition(resolution, negation->operand);
    if (!operand_id) return std::nullopt;
    return AddNot(resolution, *operand_id, span);
  }
  if (const auto* has = std::get_if<ast::Has>(&expression.node)) {
    return ResolvePresence(resolution, has->path_id, Predicate::Exists, span);
  }
  if (const auto* is_null = std::get_if<ast::IsNull>(&expression.node)) {
    return ResolvePresence(resolution, is_null->path_id, Predicate::IsNull, span);
  }
  return ResolveBoolean(resolution, id, span);
}

}  // namespace policy
