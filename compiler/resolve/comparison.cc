#include <array>
#include <utility>

#include "compiler/resolve/resolution.h"
#include "grammar/operator_text.h"

namespace policy {

namespace {

using ast::Operator;

bool IsConstant(const Term& term) { return term.kind != Term::Kind::Value; }

bool IsNegated(Operator op) { return op == Operator::NotEqual || op == Operator::NotIn; }

// nullopt: its right side has to be known before any call.
std::optional<Relation> RelationOf(Operator op) {
  switch (op) {
    case Operator::Equal:
    case Operator::NotEqual:
      return Relation::Equal;
    case Operator::In:
    case Operator::NotIn:
      return Relation::In;
    case Operator::Less:
      return Relation::Less;
    case Operator::LessOrEqual:
      return Relation::LessOrEqual;
    case Operator::Greater:
      return Relation::Greater;
    case Operator::GreaterOrEqual:
      return Relation::GreaterOrEqual;
    case Operator::Contains:
      return Relation::Contains;
    case Operator::StartsWith:
      return Relation::StartsWith;
    case Operator::EndsWith:
      return Relation::EndsWith;
    case Operator::Under:
      return Relation::Under;
    case Operator::Matches:
    case Operator::HostIn:
    case Operator::Like:
      return std::nullopt;
  }
  return std::nullopt;
}

bool IsTimed(ValueType type) { return type == ValueType::Time || type == ValueType::Duration; }

bool IsScalar(ValueType type) { return type != ValueType::List && type != ValueType::Record; }

bool IsOrdered(ValueType type) {
  return type == ValueType::Any || type == ValueType::Number || IsTimed(type);
}

bool MayBe(ValueType type, ValueType wanted) { return type == ValueType::Any || type == wanted; }

// What a side of the relation has to be of itself, where it is not. Empty: it may be.
std::string_view WantedOf(Relation relation, bool is_left, ValueType type) {
  switch (relation) {
    case Relation::Equal:
      return IsScalar(type) ? "" : "a string, number or boolean";
    case Relation::Less:
    case Relation::LessOrEqual:
    case Relation::Greater:
    case Relation::GreaterOrEqual:
      return IsOrdered(type) ? "" : "a number";
    case Relation::In:
      if (is_left) return IsScalar(type) && !IsTimed(type) ? "" : "a string, number or boolean";
      return MayBe(type, ValueType::List) ? "" : "a list";
    case Relation::Contains:
      if (!is_left) return IsScalar(type) && !IsTimed(type) ? "" : "a string, number or boolean";
      return MayBe(type, ValueType::List) || type == ValueType::String ? "" : "a list";
    case Relation::StartsWith:
    case Relation::EndsWith:
    case Relation::Under:
      return MayBe(type, ValueType::String) ? "" : "a string";
  }
  return "";
}

// Whether values of the two types can ever be compared with each other.
bool MayCompare(Relation relation, ValueType left, ValueType right) {
  if (relation == Relation::In) return true;
  if (relation == Relation::Contains) {
    return left != ValueType::String || MayBe(right, ValueType::String);
  }
  if (left == ValueType::Any) return !IsTimed(right);
  if (right == ValueType::Any) return !IsTimed(left);
  return left == right;
}

bool CheckTypes(Resolution& resolution, WrittenOperator op, Relation relation, const Term& left,
                const Term& right) {
  for (const Term* term : {&left, &right}) {
    const std::string_view wanted = WantedOf(relation, term == &left, term->type);
    if (wanted.empty()) continue;
    ReportTermType(resolution, op, *term, wanted);
    return false;
  }
  if (MayCompare(relation, left.type, right.type)) return true;
  const auto name_of = [](ValueType type) {
    return type == ValueType::Any ? std::string_view("as the call has it") : NameOf(type);
  };
  auto report =
      resolution.diagnostics.Report(diag::TypesDiffer, resolution.source, op.span, left.text,
                                    name_of(left.type), right.text, name_of(right.type));
  const Term& untyped = left.type == ValueType::Any ? left : right;
  if (untyped.type == ValueType::Any) {
    report.Help("`time(" + untyped.text + ")` reads a time from text");
  }
  return false;
}

// Both sides are of the call, or one is and the operator has no predicate for the other.
std::optional<ir::FormulaId> Relate(Resolution& resolution, WrittenOperator op, const Term& left,
                                    const Term& right, Span span) {
  const auto relation = RelationOf(op.op);
  if (!relation) {
    resolution.diagnostics
        .Report(diag::DynamicOperand, resolution.source, right.span, SpellingOf(resolution, op.op),
                right.text)
        .Help("write it into the policy, or give it a name with `let`");
    return std::nullopt;
  }
  if (!CheckTypes(resolution, op, *relation, left, right)) return std::nullopt;
  Term term;
  term.type = ValueType::Bool;
  const ir::ValueId left_id = Materialise(resolution, left);
  const ir::ValueId right_id = Materialise(resolution, right);
  term.value_id = AddValue(resolution, {.kind = ir::ValueKind::Compared,
                                        .relation = *relation,
                                        .operands = {left_id, right_id},
                                        .span = span});
  return AddTest(resolution, term, {Predicate::EqualBool, true}, span);
}

std::optional<ir::FormulaId> ComparePositive(Resolution& resolution, WrittenOperator op, Term left,
                                             Term right, Span span) {
  if (left.kind == Term::Kind::Set) {
    resolution.diagnostics.Report(diag::ListMisplaced, resolution.source, left.span)
        .Help("a list of the policy stands to the right of `in`, `not in` or `host_in`");
    return std::nullopt;
  }
  if (IsConstant(left) && IsConstant(right)) {
    resolution.diagnostics
        .Report(diag::ConstantComparison, resolution.source, span, SpellingOf(resolution, op.op))
        .Help("name something of the call: `args.amount`");
    return std::nullopt;
  }
  if (IsConstant(left)) {
    const auto flipped = Mirrored(op.op);
    if (!flipped && left.kind == Term::Kind::Constant) {
      return Relate(resolution, op, left, right, span);
    }
    std::swap(left, right);
    if (flipped) op.op = *flipped;
  }
  if (!IsConstant(right)) return Relate(resolution, op, left, right, span);
  auto comparand = ResolveComparand(resolution, op, left, right);
  if (!comparand) return std::nullopt;
  return AddTest(resolution, left, *std::move(comparand), span);
}

}  // namespace

std::optional<ir::FormulaId> ResolveComparison(Resolution& resolution,
                                               const ast::Comparison& comparison, Span span) {
  auto left = ResolveTerm(resolution, comparison.left);
  auto right = ResolveTerm(resolution, comparison.right);
  if (!left || !right) return std::nullopt;
  const auto formula_id = ComparePositive(resolution, {comparison.op, comparison.op_span},
                                          *std::move(left), *std::move(right), span);
  if (!formula_id || !IsNegated(comparison.op)) return formula_id;
  return AddNot(resolution, *formula_id, span);
}

}  // namespace policy
