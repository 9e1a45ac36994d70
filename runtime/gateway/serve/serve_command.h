// `policyd serve`: many servers, many grants, over HTTP.
#ifndef RUNTIME_GATEWAY_SERVE_SERVE_COMMAND_H_
#define RUNTIME_GATEWAY_SERVE_SERVE_COMMAND_H_

#include <string>

#include "runtime/gateway/policy_file.h"

namespace policy::gateway {

struct ServeOptions {
  std::string config_path;   // policyd.json
  bool makes_state = false;  // begins counters that last, where there are none
};

// Until SIGTERM or SIGINT; the second one ends at once. SIGHUP reads the configuration anew.
// Returns policyd's exit status. Called once, from the main thread, before any other thread is
// started.
int RunServe(const ServeOptions& options, const CompilePolicy& compile);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVE_COMMAND_H_
