// The command line of policyd.
#ifndef RUNTIME_GATEWAY_COMMAND_LINE_H_
#define RUNTIME_GATEWAY_COMMAND_LINE_H_

#include <iosfwd>

#include "runtime/gateway/policy_file.h"

namespace policy::gateway {

// Reads the command line and runs the command it names; returns policyd's exit status. `compile` is
// what the main program knows of policies.
int RunPolicyd(int argc, const char* const* argv, const CompilePolicy& compile, std::ostream& out,
               std::ostream& err);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_COMMAND_LINE_H_
