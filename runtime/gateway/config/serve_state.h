// Everything that `policyd serve` decides by, built whole from the files, or not at all.
//
// A ServeState is one immutable snapshot: configuration, grants, keys, and the program of every
// (server, grant). Workers get it by EventLoop::Post and hold it while a request runs by it.
#ifndef RUNTIME_GATEWAY_CONFIG_SERVE_STATE_H_
#define RUNTIME_GATEWAY_CONFIG_SERVE_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/gateway/access/access_state.h"
#include "runtime/gateway/config/serve_config.h"
#include "runtime/gateway/counter_check.h"
#include "runtime/gateway/policy_file.h"

namespace policy::gateway {

// A policy as compiled for one server.
struct ServedPolicy {
  std::string path;
  std::string server;
  std::shared_ptr<const Program> program;  // the same pointer while it decides the same
};

struct ServeState {
  std::shared_ptr<const ServeConfig> config;
  std::shared_ptr<const AccessState> access;
  // (policy path, server) -> what decides. Two grants of one policy share the program, and have
  // counters of their own: see AttachmentOf.
  std::map<std::pair<std::string, std::string>, ServedPolicy> policies;
  std::map<std::string, std::string, std::less<>> credentials;  // server -> the header's value
  std::vector<FileState> files;                                 // all that it was made from
  std::vector<std::string> warnings;                            // lines for the operator

  // What decides about calls of `grant` to `server`; null: nothing does, so that they are denied.
  const ServedPolicy* FindPolicy(const Grant& grant, std::string_view server) const;
};

// What the counters of a grant's policy belong to, as in `policyd run`. While only observed they
// are others, so that what is observed is charged to nobody.
std::string AttachmentOf(std::string_view server, std::string_view grant, bool observes);

// Where counters are, to see that they can be kept as the policies say.
struct CounterTarget {
  Counters* counters = nullptr;
  CounterPlace place = CounterPlace::Shared;
};

struct ServeBuild {
  std::shared_ptr<const ServeState> state;  // null: something is wrong
  ConfigTroubles troubles;                  // what
  std::vector<FileState> files;             // all that was looked at
};

// Reads and compiles all. `before` (may be null): programs that decide the same are taken from
// there, and fetched keys. `target` may have no counters: then it is not looked whether they can be
// kept. Takes long: not on a loop.
ServeBuild BuildServeState(const std::string& path, const CompilePolicy& compile,
                           const ServeState* before, const CounterTarget& target);

// The same state with other keys of the authorization server.
std::shared_ptr<const ServeState> WithKeys(const ServeState& before,
                                           std::shared_ptr<const KeySet> keys,
                                           std::int64_t keys_until_s);

// `before` with the revocations, expiries and switched-off tools that its files say now: what takes
// away counts at once, whatever else is wrong. Null: they say nothing new, or cannot be read.
std::shared_ptr<const ServeState> WithRevocations(const ServeState& before);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_SERVE_STATE_H_
