#include "compiler/analyse/cube.h"

#include <utility>

#include "compiler/ir/access.h"

namespace policy {

namespace {

using Cubes = std::vector<Cube>;

// Every pair of an alternative of each.
std::optional<Cubes> Product(const Cubes& a, const Cubes& b) {
  if (a.size() * b.size() > kCubesMax) return std::nullopt;
  Cubes product;
  for (const Cube& first : a) {
    for (const Cube& second : b) {
      if (first.size() + second.size() > kCubeLiteralsMax) return std::nullopt;
      Cube& both = product.emplace_back(first);
      both.insert(both.end(), second.begin(), second.end());
    }
  }
  return product;
}

std::optional<Cubes> Sum(Cubes a, Cubes b) {
  if (a.size() + b.size() > kCubesMax) return std::nullopt;
  for (Cube& cube : b) a.push_back(std::move(cube));
  return a;
}

}  // namespace

std::optional<Cubes> CubesOf(const ConditionTable& conditions, ir::FormulaId formula_id,
                             TruthSet wanted) {
  const ir::Formula& formula = ir::FormulaOf(conditions.policy(), formula_id);
  switch (formula.kind) {
    case ir::FormulaKind::Constant:
      return Has(wanted, formula.constant) ? Cubes{{}} : Cubes{};
    case ir::FormulaKind::Test:
      return Cubes{{{conditions.Of(formula.test_id), wanted, formula.test_id}}};
    case ir::FormulaKind::Not:
      return CubesOf(conditions, formula.operands[0], Mirrored(wanted));
    default:
      break;
  }
  // The least of the operands is high when all are, and low when one is; for the greatest the other
  // way about. Formulas nest no deeper than readers let them.
  const bool is_high = Has(wanted, Truth::True);
  const bool needs_all = is_high == (formula.kind == ir::FormulaKind::And);
  std::optional<Cubes> cubes = needs_all ? Cubes{{}} : Cubes{};
  for (const ir::FormulaId operand_id : formula.operands) {
    auto of_operand = CubesOf(conditions, operand_id, wanted);
    if (!of_operand) return std::nullopt;
    cubes =
        needs_all ? Product(*cubes, *of_operand) : Sum(*std::move(cubes), *std::move(of_operand));
    if (!cubes) return std::nullopt;
  }
  return cubes;
}

}  // namespace policy
