// Replicas, real processes, that share limits through a real Redis. The test forks before it has
// any thread.
#include "runtime/transport/redis_leases.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <new>
#include <random>
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

bool IsFull() { return std::getenv("POLICY_FULL") != nullptr; }

CounterIdentity Counter(std::uint32_t window_seconds) {
  return {.attachment = "default/local",
          .name = "calls",
          .window = window_seconds == 0 ? CounterWindow::Lifetime : CounterWindow::Seconds,
          .window_seconds = window_seconds,
          .zone = "",
          .scale = 0,
          .scope = "grant"};
}

// What the processes of a test tell each other.
struct Shared {
  static constexpr std::size_t kWindows = 512;

  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> admitted{0};
  std::atomic<std::int64_t> store_errors{0};
  std::atomic<std::int64_t> first_window{0};
  std::array<std::atomic<std::int64_t>, kWindows> by_window{};
};

class SharedMemory {
 public:
  SharedMemory()
      : shared_(new(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared) {}
  ~SharedMemory() { munmap(shared_, sizeof(Shared)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  Shared* operator->() { return shared_; }
  Shared& operator*() { return *shared_; }

 private:
  Shared* shared_;
};

// Reserves as a caller does: parks on NeedsStore and tries again when woken.
ReserveResult Reserve(Counters& counters, std::span<const Charge> charges, std::int64_t now_ns,
                      std::span<ChargeState> states, Reservation& reservation) {
  while (true) {
    const ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    if (result != ReserveResult::NeedsStore) return result;
    auto woken = std::make_shared<std::promise<void>>();
    counters.WhenReady(charges, [woken] { woken->set_value(); });
    woken->get_future().wait();
  }
}

struct Replica {
  std::string url;
  std::uint32_t window_seconds = 1;
  std::int64_t max = 100;
  bool makes_pool = false;
  std::string password = {};
  std::string ca_path = {};
  int pause_us = 0;  // between two calls
};

std::expected<std::unique_ptr<LeaseNode>, std::string> StartNode(const Replica& replica,
                                                                 Clock& clock) {
  auto address = ParseRedisAddress(replica.url);
  if (!address) return std::unexpected(address.error());
  return LeaseNode::StartWithRedis({.address = std::move(*address),
                                    .password = replica.password,
                                    .ca_path = replica.ca_path,
                                    .makes_pool = replica.makes_pool},
                                   {}, clock);
}

// Charges one unit after the other until told to stop.
int ChargeAway(Shared& shared, const Replica& replica) {
  SystemClock clock;
  auto node = StartNode(replica, clock);
  if (!node) {
    std::cerr << node.error() << '\n';
    return 2;
  }
  Counters& counters = (*node)->counters();
  const std::array<Charge, 1> charges = {
      Charge{.table = counters.Open(Counter(replica.window_seconds)),
             .scope_key = "g",
             .max = replica.max}};
  ++shared.ready;
  while (!shared.go) std::this_thread::sleep_for(milliseconds(1));
  while (!shared.stop) {
    Reservation reservation;
    std::array<ChargeState, 1> states;
    switch (Reserve(counters, charges, clock.WallNanoseconds(), states, reservation)) {
      case ReserveResult::Granted:
        ++shared.admitted;
        if (states[0].window_end_ms) {
          const std::int64_t window = *states[0].window_end_ms / 1000 / replica.window_seconds;
          const auto place = static_cast<std::size_t>(window - shared.first_window);
          if (place < Shared::kWindows) ++shared.by_window[place];
        }
        reservation.Settle(Settlement::Commit);
        if (replica.pause_us > 0) {
          std::this_thread::sleep_for(std::chrono::microseconds(replica.pause_us));
        }
        break;
      case ReserveResult::Short:
        std::this_thread::sleep_for(milliseconds(5));
        break;
      default:
        ++shared.store_errors;
        std::this_thread::sleep_for(milliseconds(5));
        break;
    }
  }
  return 0;
}

class Replicas {
 public:
  Replicas(const Replica& replica, int count) : replica_(replica) {
    shared_->first_window = std::time(nullptr) / std::max(1u, replica.window_seconds);
    Replica first = replica;
    first.makes_pool = true;
    Add(first);
    for (int i = 1; i < count; ++i) Add(replica);
    shared_->go = true;
  }
  ~Replicas() { Stop(); }
  Replicas(const Replicas&) = delete;  // waited for once
  Replicas& operator=(const Replicas&) = delete;

  void Add(const Replica& replica) {
    const int wanted = shared_->ready + 1;
    pids_.push_back(Fork([&] { return ChargeAway(*shared_, replica); }));
    for (int i = 0; i < 5000 && shared_->ready < wanted; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    REQUIRE(shared_->ready >= wanted);
  }
  void Kill(std::size_t which) {
    kill(pids_[which], SIGKILL);
    Wait(pids_[which]);
    pids_.erase(pids_.begin() + static_cast<std::ptrdiff_t>(which));
  }
  void Stop() {
    shared_->stop = true;
    for (const pid_t pid : pids_) CHECK(Wait(pid) == 0);
    pids_.clear();
  }
  pid_t pid(std::size_t which) const { return pids_[which]; }
  Shared& shared() { return *shared_; }
  const Replica& replica() const { return replica_; }

  // Of the windows that began and ended while everybody ran.
  struct Tally {
    int windows = 0;
    int full = 0;
    int over = 0;
    std::int64_t lost = 0;  // room that nobody used
  };
  Tally Count() {
    Tally tally;
    std::size_t last = 0;
    for (std::size_t i = 0; i < Shared::kWindows; ++i) {
      if (shared_->by_window[i] > 0) last = i;
    }
    std::size_t first = 0;
    while (first < last && shared_->by_window[first] == 0) ++first;
    for (std::size_t i = first + 1; i < last; ++i) {
      const std::int64_t used = shared_->by_window[i];
      ++tally.windows;
      tally.full += used == replica_.max ? 1 : 0;
      tally.lost += std::max<std::int64_t>(0, replica_.max - used);
    }
    for (const auto& used : shared_->by_window) tally.over += used > replica_.max ? 1 : 0;
    return tally;
  }

 private:
  const Replica replica_;
  SharedMemory shared_;
  std::vector<pid_t> pids_;
};

// A line of the table in docs/limits.md: POLICY_PRINT=1.
void Print(const std::string& what, const Replicas::Tally& tally) {
  if (std::getenv("POLICY_PRINT") == nullptr) return;
  std::cout << "| " << what << " | " << tally.windows << " | " << tally.full << " | " << tally.over
            << " | " << tally.lost << " |" << std::endl;
}

TEST_CASE("two replicas fill every window exactly") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .has_file = true});
  Replicas replicas({.url = server.url(), .window_seconds = 1, .max = 500}, 2);
  std::this_thread::sleep_for(milliseconds(IsFull() ? 60'000 : 6'000));
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("nothing", tally);
  CHECK(tally.windows >= 4);
  CHECK(tally.over == 0);
  CHECK(tally.full == tally.windows);
  CHECK(replicas.shared().store_errors == 0);
}

// Kills a replica at random moments, again and again, while others charge.
TEST_CASE("killed replicas admit no more than max, and lose no more than they had leased") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .has_file = true});
  Replicas replicas({.url = server.url(), .window_seconds = 1, .max = 3'000, .pause_us = 100}, 3);
  std::mt19937 random(7);
  const int kills = IsFull() ? 1000 : 50;
  for (int i = 0; i < kills; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 120'000));
    replicas.Kill(random() % 3);
    replicas.Add(replicas.replica());
  }
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("a replica is killed, " + std::to_string(kills) + " times", tally);
  CHECK(tally.windows > 0);
  CHECK(tally.over == 0);
}

TEST_CASE("a lifetime is never exceeded by replicas that are killed") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .has_file = true});
  Replicas replicas({.url = server.url(), .window_seconds = 0, .max = 20'000}, 2);
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(milliseconds(15));
    replicas.Kill(0);
    replicas.Add(replicas.replica());
  }
  std::this_thread::sleep_for(milliseconds(500));
  replicas.Stop();
  CHECK(replicas.shared().admitted <= 20'000);
  CHECK(replicas.shared().admitted > 0);
}

// Long windows: what was admitted before and after the server ends counts in one.
TEST_CASE("a Redis that starts anew with its file goes on where it was") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .has_file = true});
  Replicas replicas({.url = server.url(), .window_seconds = 2, .max = 3'000, .pause_us = 100}, 2);
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(milliseconds(700));
    server.Kill();
    server.Start();
  }
  std::this_thread::sleep_for(milliseconds(5'000));
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("the Redis is killed 4 times, and has its file", tally);
  CHECK(tally.windows >= 2);
  CHECK(tally.over == 0);
  CHECK(tally.full >= 1);
}

TEST_CASE("a Redis that forgot everything denies the windows that had begun") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path()});
  Replicas replicas({.url = server.url(), .window_seconds = 2, .max = 3'000, .pause_us = 100}, 2);
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(milliseconds(900));
    server.Kill();
    server.Start();
  }
  server.Ask("FLUSHALL");
  std::this_thread::sleep_for(milliseconds(7'000));
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("the Redis is killed 3 times without a file, and flushed", tally);
  CHECK(tally.over == 0);
  CHECK(tally.full >= 1);  // it goes on with the windows that begin afterwards
}

TEST_CASE("a lifetime is denied by a Redis that forgot it") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path()});
  Replicas replicas({.url = server.url(), .window_seconds = 0, .max = 300}, 2);
  std::this_thread::sleep_for(milliseconds(300));
  server.Kill();
  server.Start();
  std::this_thread::sleep_for(milliseconds(2'500));
  replicas.Stop();
  CHECK(replicas.shared().admitted <= 300);
  CHECK(replicas.shared().store_errors > 0);
}

TEST_CASE("a Redis that is stopped denies what needs quota, and goes on") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .has_file = true});
  Replicas replicas({.url = server.url(), .window_seconds = 1, .max = 500}, 2);
  std::this_thread::sleep_for(milliseconds(1'200));
  server.Signal(SIGSTOP);
  std::this_thread::sleep_for(milliseconds(3'500));
  server.Signal(SIGCONT);
  std::this_thread::sleep_for(milliseconds(4'000));
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("the Redis is stopped for 3.5 s", tally);
  CHECK(replicas.shared().store_errors > 0);
  CHECK(tally.over == 0);
  CHECK(tally.full >= 2);
}

TEST_CASE("a replica that is suspended past its window does not use what it had leased") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .has_file = true});
  Replicas replicas({.url = server.url(), .window_seconds = 1, .max = 3'000, .pause_us = 100}, 2);
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(milliseconds(330));
    kill(replicas.pid(0), SIGSTOP);
    std::this_thread::sleep_for(milliseconds(1'100));
    kill(replicas.pid(0), SIGCONT);
  }
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("a replica is stopped for 1.1 s, 4 times", tally);
  CHECK(tally.over == 0);
}

TEST_CASE("Sentinel: another master takes over, and no window is exceeded") {
  const TemporaryDirectory directory;
  const auto in = [&](const char* name) {
    std::filesystem::create_directory(directory.path() + "/" + name);
    return directory.path() + "/" + name;
  };
  const int port_a = FreePort();
  const int port_b = FreePort();
  RedisServer master({.directory = in("a"), .port = port_a, .has_file = true});
  RedisServer replica({.directory = in("b"),
                       .port = port_b,
                       .has_file = true,
                       .more = {"--replicaof", "127.0.0.1", std::to_string(port_a)}});
  std::vector<std::unique_ptr<RedisServer>> sentinels;
  std::string hosts;
  for (const char* name : {"s1", "s2", "s3"}) {
    const int port = FreePort();
    const std::string folder = in(name);
    std::ofstream(folder + "/sentinel.conf")
        << "sentinel monitor main 127.0.0.1 " << port_a << " 2\n"
        << "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n";
    sentinels.push_back(std::make_unique<RedisServer>(
        RedisServer::Options{.directory = folder, .port = port, .is_sentinel = true}));
    hosts += (hosts.empty() ? "" : ",") + std::string("127.0.0.1:") + std::to_string(port);
  }
  // They have found each other and the replica.
  for (int i = 0; i < 200; ++i) {
    const std::string about = sentinels[0]->Ask("SENTINEL master main");
    if (about.find("num-other-sentinels\n2") != std::string::npos &&
        about.find("num-slaves\n1") != std::string::npos &&
        replica.Ask("INFO replication").find("master_link_status:up") != std::string::npos) {
      break;
    }
    std::this_thread::sleep_for(milliseconds(100));
  }
  Replicas replicas({.url = "redis+sentinel://" + hosts + "/main",
                     .window_seconds = 2,
                     .max = 1'000,
                     .pause_us = 100},
                    2);
  std::this_thread::sleep_for(milliseconds(3'000));
  master.Kill();
  for (int i = 0; i < 200; ++i) {
    if (replica.Ask("INFO replication").find("role:master") != std::string::npos) break;
    std::this_thread::sleep_for(milliseconds(100));
  }
  std::this_thread::sleep_for(milliseconds(7'000));
  replicas.Stop();
  const Replicas::Tally tally = replicas.Count();
  Print("Sentinel makes another Redis the master", tally);
  CHECK(tally.over == 0);
  CHECK(tally.full >= 2);
}

TEST_CASE("who may not share does not start, and says why") {
  const TemporaryDirectory directory;
  RedisServer server({.directory = directory.path(), .more = {"--requirepass", "sekret"}});
  SystemClock clock;
  const auto why = [&](const Replica& replica) {
    auto node = StartNode(replica, clock);
    return node ? std::string() : node.error();
  };
  using Catch::Contains;
  const Replica nobody{.url = server.url()};
  CHECK_THAT(why(nobody), Contains("NOAUTH"));
  Replica known = nobody;
  known.password = "wrong";
  CHECK_THAT(why(known), Contains("WRONGPASS"));
  known.password = "sekret";
  CHECK_THAT(why(known), Contains("--init-state"));
  known.makes_pool = true;
  CHECK(why(known).empty());
  known.makes_pool = false;
  CHECK(why(known).empty());
  server.Ask("-a sekret CONFIG SET maxmemory-policy allkeys-lru");
  CHECK_THAT(why(known), Contains("noeviction"));
  CHECK_THAT(why({.url = "redis+unix:///nowhere/redis.sock"}), Contains("No such file"));
}

// With no more rights than docs/operations.md lists.
TEST_CASE("TLS, and a user that may do only what is needed") {
  const TemporaryDirectory directory;
  const std::string& path = directory.path();
  const std::string made =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test "
      "-addext subjectAltName=IP:127.0.0.1 -keyout " +
      path + "/key.pem -out " + path + "/cert.pem 2>/dev/null";
  REQUIRE(std::system(made.c_str()) == 0);
  const std::string port = std::to_string(FreePort());
  RedisServer server({.directory = path,
                      .more = {"--tls-port", port, "--tls-cert-file", path + "/cert.pem",
                               "--tls-key-file", path + "/key.pem", "--tls-auth-clients", "no"}});
  const std::string rights =
      "'~{policyd}:*' '&{policyd}:*' +eval +evalsha '+script|load' +hello +auth +select +info "
      "+subscribe +publish +time +hget +hset +hmget +hgetall +hvals +hdel +hlen +hexists +del "
      "+expireat";
  REQUIRE(server.Ask("ACL SETUSER replica on '>sekret' " + rights) == "OK\n");
  SystemClock clock;
  Replica replica{.url = "rediss://replica@127.0.0.1:" + port + "/0",
                  .max = 10,
                  .makes_pool = true,
                  .password = "sekret"};
  const auto untrusted = StartNode(replica, clock);
  REQUIRE_FALSE(untrusted.has_value());
  CHECK_THAT(untrusted.error(), Catch::Contains("certificate is not accepted"));
  replica.ca_path = path + "/cert.pem";
  {
    auto node = StartNode(replica, clock);
    REQUIRE(node.has_value());
    const std::array<Charge, 1> charges = {Charge{
        .table = (*node)->counters().Open(Counter(0)), .scope_key = "g", .max = replica.max}};
    std::array<ChargeState, 1> states;
    for (int i = 0; i < 11; ++i) {
      Reservation reservation;
      const ReserveResult result =
          Reserve((*node)->counters(), charges, clock.WallNanoseconds(), states, reservation);
      CHECK(result == (i < 10 ? ReserveResult::Granted : ReserveResult::Short));
      reservation.Settle(Settlement::Commit);
    }
  }
  replica.url = "rediss://replica@localhost:" + port;  // its certificate does not say that name
  CHECK_FALSE(StartNode(replica, clock).has_value());
}

}  // namespace
}  // namespace policy::transport
