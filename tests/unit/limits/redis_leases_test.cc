// Replicas, real processes, that share limits through a real Redis. The test forks before it has
// any thread.
#include "runtime/transport/redis_leases.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/system_clock.h"
#include "runtime/transport/lease_node.h"
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

pid_t Fork(const std::function<int()>& child) {
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that fails leaves nobody behind
    _exit(child());
  }
  return pid;
}

int Wait(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

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
  bool says_trouble = false;
};

std::expected<std::unique_ptr<LeaseNode>, std::string> StartNode(const Replica& replica,
                                                                 Clock& clock) {
  auto address = ParseRedisAddress(replica.url);
  if (!address) return std::unexpected(address.error());
  LeaseNode::Options options;
  if (replica.says_trouble)
    options.on_trouble = [](const std::string& why) { std::cerr << why << '\n'; };
  return LeaseNode::StartWithRedis({.address = std::move(*address),
                                    .password = replica.password,
                                    .ca_path = {},
                                    .makes_pool = replica.makes_pool},
                                   std::move(options), clock);
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

}  // namespace
}  // namespace policy::transport
