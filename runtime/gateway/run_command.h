// `policyd run`: one server over stdio.
#ifndef RUNTIME_GATEWAY_RUN_COMMAND_H_
#define RUNTIME_GATEWAY_RUN_COMMAND_H_

#include "runtime/gateway/policy_file.h"
#include "runtime/gateway/run_options.h"

namespace policy::gateway {

// Could not begin: a bad policy, no such program. Nothing was spawned, or it did not start.
inline constexpr int kExitNotRun = 2;

// Returns policyd's exit status: the server's, or kExitNotRun. Called once, from the main thread,
// before any other thread is started.
int RunServer(const RunOptions& options, const CompilePolicy& compile);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_RUN_COMMAND_H_
