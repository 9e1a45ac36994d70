// Tests that several rules of a tool ask are run once.
#ifndef COMPILER_PASSES_SHARED_CONDITIONS_H_
#define COMPILER_PASSES_SHARED_CONDITIONS_H_

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"

namespace policy {

// Gives a memo cell to each group of equal tests (same path, predicate and operand; what they say
// of an absent value may differ) of which one tool runs more than one. Tests that are as cheap as
// reading a cell get none, nor do those beyond the number of cells that a program has. A test in
// the body of a quantifier runs once for each element: it gets a cell, unless what it tests depends
// on the element, for then each time is another test.
void ShareConditions(const ir::Policy& policy, ir::Plan& plan);

}  // namespace policy

#endif  // COMPILER_PASSES_SHARED_CONDITIONS_H_
