// `policyd limits`: looks at the counters of the processes that run, and sets them.
#ifndef RUNTIME_GATEWAY_ADMIN_LIMITS_COMMAND_H_
#define RUNTIME_GATEWAY_ADMIN_LIMITS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <string>

namespace policy::gateway {

struct LimitsOptions {
  std::string state_directory;  // empty: the default one
  std::string format = "text";  // or "json"
  std::string counter;          // show, reset, set: which; empty: all of them, for list
  std::string scope;            // as list shows it; empty: any
  std::string server;           // likewise
  std::string grant;            // likewise
  std::string value;            // set
  std::string because;          // for the log
  bool takes_all = false;       // reset, set: also where several cells are meant
};

// Adds the command and its own below `app`. `options` outlives it.
CLI::App& AddLimitsCommand(CLI::App& app, LimitsOptions& options);

// Runs what was parsed. 0: done; 1: nothing that was meant is there, or it was refused; 2: it could
// not be asked.
int RunLimitsCommand(const CLI::App& limits, const LimitsOptions& options, std::ostream& out,
                     std::ostream& err);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ADMIN_LIMITS_COMMAND_H_
