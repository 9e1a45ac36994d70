// A decision as `policyc eval` prints it: one line of JSON.
#ifndef COMPILER_DRIVER_DECISION_LINE_H_
#define COMPILER_DRIVER_DECISION_LINE_H_

#include <string>

#include "policy/decision.h"
#include "policy/program.h"

namespace policy {

// Without the line's end. Amounts are numbers with the counter's decimals, exact.
std::string DecisionLine(const Program& program, const Decision& decision);

}  // namespace policy

#endif  // COMPILER_DRIVER_DECISION_LINE_H_
