// The IR as text, for `policyc dump --as ir`.
#ifndef COMPILER_IR_PRINT_H_
#define COMPILER_IR_PRINT_H_

#include <string>

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"

namespace policy::ir {

// The policy's rules, block by block, then which rules run for which tool. The same text for the
// same policy.
std::string Print(const Policy& policy, const Plan& plan);

// "args.items[0].id"
std::string PathText(const Path& path);

}  // namespace policy::ir

#endif  // COMPILER_IR_PRINT_H_
