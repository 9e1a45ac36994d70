// The Redis on the other side of a network that is cut: it runs in a network namespace of its own,
// and each replica reaches it over a link of its own. The test forks before it has any thread.
//
// Where the kernel lets nobody make namespaces the test says so, and passes.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/system_clock.h"
#include "runtime/transport/lease_node.h"
#include "tests/unit/limits/charge_record.h"
#include "tests/unit/limits/redis_server.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

bool Run(const std::string& command) {
  // NOLINTNEXTLINE(cert-env33-c): the words are the test's own
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// A namespace with two links to this one: 198.18.N.1 here, 198.18.N.2 there. Addresses of the range
// for benchmarks of networks, which nobody routes.
class Network {
 public:
  Network() : name_("plc" + std::to_string(getpid() % 100'000)) {
    is_there_ = Run("ip netns add " + name_);
    for (int link = 0; link < 2 && is_there_; ++link) {
      const std::string here = Link(link);
      const std::string there = here + "p";
      is_there_ = Run("ip link add " + here + " type veth peer name " + there) &&
                  Run("ip link set " + there + " netns " + name_) &&
                  Run("ip addr add " + Address(link, 1) + "/24 dev " + here) &&
                  Run("ip link set " + here + " up") &&
                  Run("ip -n " + name_ + " addr add " + Address(link, 2) + "/24 dev " + there) &&
                  Run("ip -n " + name_ + " link set " + there + " up");
    }
  }
  ~Network() {
    Run("ip link del " + Link(0));
    Run("ip link del " + Link(1));
    Run("ip netns del " + name_);
  }
  Network(const Network&) = delete;  // taken down once
  Network& operator=(const Network&) = delete;

  bool is_there() const { return is_there_; }
  const std::string& name() const { return name_; }
  static std::string Address(int link, int end) {
    return "198.18." + std::to_string(link) + "." + std::to_string(end);
  }
  // Nothing passes, and nobody is told: what a cable does that is pulled somewhere on the way.
  void Cut(int link) { REQUIRE(Run("ip -n " + name_ + " link set " + Link(link) + "p down")); }
  void Mend(int link) { REQUIRE(Run("ip -n " + name_ + " link set " + Link(link) + "p up")); }

 private:
  std::string Link(int link) const { return name_ + (link == 0 ? "a" : "b"); }

  std::string name_;
  bool is_there_ = false;
};

int ChargeAway(ChargeRecord& record, const std::string& host, const KindDemand& demand) {
  SystemClock clock;
  auto node = LeaseNode::StartWithRedis({.address = *ParseRedisAddress("redis://" + host + ":6379"),
                                         .password = {},
                                         .ca_path = {},
                                         .makes_pool = demand.who == 0},
                                        {}, clock);
  if (!node) {
    std::cerr << node.error() << '\n';
    return 2;
  }
  return ChargeUntilStopped(record, (*node)->counters(), clock, demand);
}

TEST_CASE("a replica that is cut off from the Redis is denied, and the other has all of it") {
  Network network;
  if (!network.is_there()) {
    std::cerr << "NOT TESTED: this kernel or user cannot make network namespaces (ip netns add)\n";
    return;
  }
  KindDemand demand = GENERATE(
      KindDemand{.kind = CounterKind::Fixed, .window_seconds = 1, .max = 400},
      KindDemand{.kind = CounterKind::Sliding, .window_seconds = 1, .max = 400},
      KindDemand{.kind = CounterKind::Bucket, .window_seconds = 1, .max = 400, .burst = 200});
  CAPTURE(static_cast<int>(demand.kind));
  const TemporaryDirectory directory;
  RedisServer server(
      {.directory = directory.path(),
       .port = 6379,
       .has_file = true,
       .more = {"--bind", Network::Address(0, 2), Network::Address(1, 2), "--protected-mode", "no"},
       .before = {"ip", "netns", "exec", network.name()}});
  SharedRecord record;
  std::vector<pid_t> children;
  for (const int who : {0, 1}) {
    demand.who = static_cast<std::size_t>(who);
    children.push_back(Fork([&] { return ChargeAway(*record, Network::Address(who, 2), demand); }));
    for (int i = 0; i < 5'000 && record->ready <= who; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    REQUIRE(record->ready > who);
  }
  std::this_thread::sleep_for(milliseconds(1'500));
  CHECK(record->store_errors == 0);
  network.Cut(1);
  std::this_thread::sleep_for(milliseconds(2'500));  // what it had leased has ended by now
  const std::int64_t other = record->taken_by[0];
  const std::int64_t cut_off = record->taken_by[1];
  std::this_thread::sleep_for(milliseconds(3'000));
  CHECK(record->taken_by[1] == cut_off);
  CHECK(record->taken_by[0] - other >= 2 * demand.max * 8 / 10);
  CHECK(record->store_errors > 0);
  network.Mend(1);
  // The kernel sends again at ever longer intervals: it may be a while until it notices.
  for (int i = 0; i < 30'000 && record->taken_by[1] == cut_off; ++i) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  CHECK(record->taken_by[1] > cut_off);
  record->stop = true;
  for (const pid_t child : children) CHECK(Wait(child) == 0);
  switch (demand.kind) {
    case CounterKind::Fixed:
      CHECK(MostInAWindow(*record) <= demand.max);
      break;
    case CounterKind::Sliding:
      CHECK(MostInAnySpan(*record, demand.window_seconds) <= demand.max);
      break;
    default:
      CHECK(HighestLevel(*record, demand) <= demand.burst);
      break;
  }
}

}  // namespace
}  // namespace policy::transport
