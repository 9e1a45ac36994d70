// What every rule of a tool said about one call, for people.
#ifndef COMPILER_TESTING_EXPLANATION_H_
#define COMPILER_TESTING_EXPLANATION_H_

#include <string>

#include "policy/decision.h"
#include "runtime/program/frame.h"

namespace policy {

// For each rule that covers the tool, each condition: held, failed or unknown, and why, with the
// values seen (long ones are cut). Lines begin with two spaces. `frame` is as it was decided, best
// of a program compiled without passes: it has every rule and condition as written.
std::string Explanation(Frame& frame, const Decision& decision);

}  // namespace policy

#endif  // COMPILER_TESTING_EXPLANATION_H_
