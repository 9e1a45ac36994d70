// Where counters are kept that outlive a process or are shared with others: a folder of the user's,
// or a Redis.
#ifndef RUNTIME_GATEWAY_COUNTER_HOME_H_
#define RUNTIME_GATEWAY_COUNTER_HOME_H_

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "runtime/limits/clock.h"
#include "runtime/transport/lease_node.h"

namespace policy::gateway {

// The environment's name for the password of the store.
inline constexpr char kStorePasswordVariable[] = "POLICYD_STORE_PASSWORD";

struct CounterHome {
  std::string store_url;            // a Redis; empty: the folder
  std::string store_password_path;  // empty: the environment's, if there is one
  std::string store_ca_path;
  bool makes_pool = false;      // begins counters, where there are none and some should be
  std::string state_directory;  // empty: the default one
};

// The folder, whether said or not. The error is a sentence.
std::expected<std::string, std::string> StateDirectoryOf(const CounterHome& home);

// Looks whether the folder still holds the counters that it held before, as EnterState does, if
// some of them must not begin anew. Returns what the operator is told; an error is a sentence that
// says how to go on. Synchronises files: not for a thread that serves.
std::expected<std::vector<std::string>, std::string> EnterHome(const CounterHome& home,
                                                               bool has_durable_counters);

// Starts to lease from there. `options` without its folder, which is set here. The error is a
// sentence. The password stays in the environment: whoever starts other programs takes it out.
std::expected<std::unique_ptr<transport::LeaseNode>, std::string> StartLeases(
    const CounterHome& home, transport::LeaseNode::Options options, Clock& clock);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_COUNTER_HOME_H_
