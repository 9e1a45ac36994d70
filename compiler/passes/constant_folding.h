// Formulas made smaller without a change of meaning in three-valued logic.
#ifndef COMPILER_PASSES_CONSTANT_FOLDING_H_
#define COMPILER_PASSES_CONSTANT_FOLDING_H_

#include "compiler/ir/ir.h"

namespace policy {

// Folds constants through not, and, or; drops neutral and repeated operands; an absorbing operand
// takes the whole; flattens and in and, or in or; takes off double negation. Never uses the
// excluded middle: an unknown operand stays unknown.
void FoldConstants(ir::Policy& policy);

}  // namespace policy

#endif  // COMPILER_PASSES_CONSTANT_FOLDING_H_
