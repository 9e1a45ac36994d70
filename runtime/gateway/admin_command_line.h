// The command lines of `policyd grants` and `policyd check-config`.
#ifndef RUNTIME_GATEWAY_ADMIN_COMMAND_LINE_H_
#define RUNTIME_GATEWAY_ADMIN_COMMAND_LINE_H_

#include <functional>
#include <iosfwd>

#include "runtime/gateway/policy_file.h"

namespace CLI {
class App;
}  // namespace CLI

namespace policy::gateway {

// What was asked for, once the command line was read: returns policyd's exit status.
using AdminRun = std::function<int(std::ostream& out, std::ostream& err)>;

// Adds the commands to `app`. Run what they return if the subcommand of that name was parsed;
// `compile` outlives it.
AdminRun AddGrantsCommand(CLI::App& app);
AdminRun AddCheckConfigCommand(CLI::App& app, const CompilePolicy& compile);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ADMIN_COMMAND_LINE_H_
