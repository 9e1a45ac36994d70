// The command line of `policyd run`.
#ifndef RUNTIME_GATEWAY_RUN_OPTIONS_H_
#define RUNTIME_GATEWAY_RUN_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace policy::gateway {

// Who decides: the interpreter; machine code for what is hot and dense; machine code for all.
enum class JitMode : std::uint8_t { Off, Auto, Always };

struct RunOptions {
  std::string policy_path;  // policy.json, or a compiled .pbc
  std::string server;       // empty: the one that the policy's lock is about, else `default`
  std::string tools_path;   // the lock; empty: what the policy says, else the one beside it
  std::string grant = "local";
  std::string state_directory;     // shared with the user's other policyd; empty: the default one
  bool has_private_state = false;  // counters of this process alone
  std::string store_url;           // a Redis shared with other replicas; empty: the state directory
  std::string store_password_path;
  std::string store_ca_path;
  bool makes_pool = false;  // begins the counters there, where there are none: --init-state
  std::vector<std::string> may_reset;  // counters that an edit may begin anew: --reset
  std::string admin_directory;  // of the admin socket; empty: the state directory, if there is one
  std::string log_path;         // empty: no decision log
  bool logs_argument_values = false;
  std::vector<std::string> passed_methods;
  JitMode jit = JitMode::Off;
  std::string native_path;           // machine code of the policy, made beforehand; empty: none
  bool writes_perf_map = false;      // names of machine code, for perf
  bool tells_debuggers = false;      // of machine code, by GDB's interface
  std::vector<std::string> command;  // the server, as its argv
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_RUN_OPTIONS_H_
