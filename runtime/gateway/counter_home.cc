#include "runtime/gateway/counter_home.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "runtime/gateway/policy_file.h"
#include "runtime/limits/store/state_directory.h"
#include "runtime/limits/store/state_identity.h"

namespace policy::gateway {
namespace {

// Where the counters are, if they are in a Redis. A password comes from a file or the environment.
std::expected<transport::RedisLeases::Options, std::string> StoreOptions(const CounterHome& home) {
  transport::RedisLeases::Options store{
      .address = {}, .password = {}, .ca_path = home.store_ca_path, .makes_pool = home.makes_pool};
  auto address = transport::ParseRedisAddress(home.store_url);
  if (!address) return std::unexpected(address.error());
  store.address = std::move(*address);
  if (!home.store_password_path.empty()) {
    auto password = ReadPolicyFile(home.store_password_path);
    if (!password) return std::unexpected(password.error());
    while (!password->empty() && (password->back() == '\n' || password->back() == '\r')) {
      password->pop_back();
    }
    store.password = std::move(*password);
  } else if (const char* password = std::getenv(kStorePasswordVariable)) {
    store.password = password;
  }
  return store;
}

}  // namespace

std::expected<std::string, std::string> StateDirectoryOf(const CounterHome& home) {
  if (!home.state_directory.empty()) return home.state_directory;
  auto directory = StateDirectory::DefaultPath(
      {.state_home = std::getenv("XDG_STATE_HOME"), .home = std::getenv("HOME")});
  if (directory) return *std::move(directory);
  return std::unexpected(
      "there is no folder for the counters: set HOME, or give --state or --private-state");
}

std::expected<std::vector<std::string>, std::string> EnterHome(const CounterHome& home,
                                                               bool has_durable_counters) {
  const auto path = StateDirectoryOf(home);
  if (!path) return std::unexpected(path.error());
  const auto directory = StateDirectory::Open(*path);
  if (!directory) return std::unexpected(directory.error());
  StateEntry entry{.has_durable_counters = has_durable_counters,
                   .may_begin = home.makes_pool,
                   .memory_path = {}};
  if (home.state_directory.empty()) {
    entry.memory_path =
        DefaultMemoryPath({.data_home = std::getenv("XDG_DATA_HOME"), .home = std::getenv("HOME")});
  }
  const auto entered = EnterState(*directory, entry);
  if (!entered) return std::unexpected(entered.error());
  std::vector<std::string> lines;
  if (entered->has_begun) lines.push_back("counters begin in " + *path);
  if (!entered->trouble.empty()) lines.push_back(entered->trouble);
  return lines;
}

std::expected<std::unique_ptr<transport::LeaseNode>, std::string> StartLeases(
    const CounterHome& home, transport::LeaseNode::Options options, Clock& clock) {
  if (!home.store_url.empty()) {
    auto store = StoreOptions(home);
    if (!store) return std::unexpected(store.error());
    return transport::LeaseNode::StartWithRedis(std::move(*store), std::move(options), clock);
  }
  auto directory = StateDirectoryOf(home);
  if (!directory) return std::unexpected(directory.error());
  options.state_directory = *std::move(directory);
  return transport::LeaseNode::Start(std::move(options), clock);
}

}  // namespace policy::gateway
