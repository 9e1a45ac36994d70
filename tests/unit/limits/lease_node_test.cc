// Several processes, real ones, on one state directory. The test forks before it has any thread.
#include "runtime/transport/lease_node.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/system_clock.h"
#include "tests/unit/limits/hand_clock.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

CounterIdentity PerMonth() {
  return {.attachment = "default/local",
          .name = "refunds",
          .window = CounterWindow::Lifetime,
          .window_seconds = 0,
          .zone = "",
          .scale = 0,
          .scope = "grant"};
}

// What the processes of a test tell each other.
struct Shared {
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> admitted{0};
  std::atomic<std::int64_t> store_errors{0};
  std::atomic<int> leader{0};
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
  if (pid == 0) _exit(child());
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
                      Reservation& reservation) {
  std::vector<ChargeState> states(charges.size());
  while (true) {
    const ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    if (result != ReserveResult::NeedsStore) return result;
    auto woken = std::make_shared<std::promise<void>>();
    counters.WhenReady(charges, [woken] { woken->set_value(); });
    woken->get_future().wait();
  }
}

// Charges one unit after the other until told to stop or refused for good.
int ChargeUntilShort(Shared& shared, const std::string& path, std::int64_t max) {
  SystemClock clock;
  auto node = LeaseNode::Start({.state_directory = path}, clock);
  if (!node) return 2;
  if ((*node)->leads()) shared.leader = getpid();
  Counters& counters = (*node)->counters();
  const std::array<Charge, 1> charges = {
      Charge{.table = counters.Open(PerMonth()), .scope_key = "g", .max = max}};
  ++shared.ready;
  while (!shared.go) std::this_thread::sleep_for(milliseconds(1));
  int refused = 0;
  while (!shared.stop && refused < 3) {
    Reservation reservation;
    switch (Reserve(counters, charges, clock.WallNanoseconds(), reservation)) {
      case ReserveResult::Granted:
        ++shared.admitted;
        reservation.Settle(Settlement::Commit);
        break;
      case ReserveResult::Short:
        ++refused;
        std::this_thread::sleep_for(milliseconds(120));  // longer than a refusal stands
        break;
      default:
        ++shared.store_errors;
        break;
    }
  }
  return 0;
}

TEST_CASE("four processes that share fifty admit exactly fifty") {
  for (int round = 0; round < 3; ++round) {
    const TemporaryDirectory directory;
    SharedMemory shared;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(Fork([&] { return ChargeUntilShort(*shared, directory.path(), 50); }));
    }
    while (shared->ready < 4) std::this_thread::sleep_for(milliseconds(1));
    shared->go = true;
    for (const pid_t child : children) CHECK(Wait(child) == 0);
    CHECK(shared->admitted == 50);
    CHECK(shared->store_errors == 0);
    // A new start does not reset the window.
    CHECK(Wait(Fork([&] { return ChargeUntilShort(*shared, directory.path(), 50); })) == 0);
    CHECK(shared->admitted == 50);
    // Nor does a larger max forget what was used.
    CHECK(Wait(Fork([&] { return ChargeUntilShort(*shared, directory.path(), 60); })) == 0);
    CHECK(shared->admitted == 60);
  }
}

}  // namespace
}  // namespace policy::transport
