// Formulas as alternatives of plain conjunctions, each of which the solver can be asked about.
#ifndef COMPILER_ANALYSE_CUBE_H_
#define COMPILER_ANALYSE_CUBE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "compiler/analyse/condition_table.h"
#include "compiler/analyse/truth_set.h"
#include "compiler/ir/ir.h"

namespace policy {

// A condition that is to be one of some truths.
struct Literal {
  ConditionId condition_id{};
  TruthSet allowed = TruthSet::Any;
  ir::TestId test_id{};  // where it is written
};

// All of its literals hold. Empty: always so.
using Cube = std::vector<Literal>;

// Alternatives of one formula, and literals of one alternative: what has more is not analysed.
inline constexpr std::size_t kCubesMax = 64;
inline constexpr std::size_t kCubeLiteralsMax = 256;

// What makes the formula one of `wanted`, which is an end of the order of truths: True, NotFalse,
// NotTrue or False. Exact in Kleene's logic, where `and` is the least and `or` the greatest: no
// excluded middle is used. Empty: nothing does. nullopt: over a limit.
std::optional<std::vector<Cube>> CubesOf(const ConditionTable& conditions, ir::FormulaId formula_id,
                                         TruthSet wanted);

}  // namespace policy

#endif  // COMPILER_ANALYSE_CUBE_H_
