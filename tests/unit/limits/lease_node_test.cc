// Several processes, real ones, on one state directory. The test forks before it has any thread.
#include "runtime/transport/lease_node.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/system_clock.h"
#include "tests/unit/limits/charge_record.h"
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
  while (!shared.stop && refused < 2) {
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
  for (int round = 0; round < 2; ++round) {
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

// The leader is killed while everybody charges. What it had leased and not used is lost, and that
// is at most a share of what was left when it asked last.
TEST_CASE("the leader's death neither multiplies a limit nor resets it") {
  constexpr std::int64_t kMax = 50;
  constexpr std::int64_t kLostMax = kMax / 2;  // two of four processes are killed
  for (int round = 0; round < 2; ++round) {
    const TemporaryDirectory directory;
    SharedMemory shared;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(Fork([&] { return ChargeUntilShort(*shared, directory.path(), kMax); }));
    }
    while (shared->ready < 4) std::this_thread::sleep_for(milliseconds(1));
    const pid_t leader = shared->leader;
    shared->go = true;
    while (shared->admitted < 10 * round) std::this_thread::yield();
    kill(leader, SIGKILL);
    int finished = 0;
    for (const pid_t child : children) finished += Wait(child) == 0 ? 1 : 0;
    CHECK(finished == 3);
    CHECK(shared->admitted <= kMax);
    CHECK(shared->admitted >= kMax - kLostMax);
    const std::int64_t before = shared->admitted;
    CHECK(Wait(Fork([&] { return ChargeUntilShort(*shared, directory.path(), kMax); })) == 0);
    CHECK(shared->admitted == before);
    // With nobody left who could have room, a larger max takes effect at once, but what the dead
    // one had leased stays charged.
    CHECK(Wait(Fork([&] { return ChargeUntilShort(*shared, directory.path(), kMax + 10); })) == 0);
    CHECK(shared->admitted == before + 10);
  }
}

// Every process is killed, one after the other, again and again; the window never forgets.
TEST_CASE("killing everybody all the time admits no more than max") {
  constexpr std::int64_t kMax = 2000;
  const TemporaryDirectory directory;
  SharedMemory shared;
  std::vector<pid_t> children;
  const auto start = [&] {
    return Fork([&] { return ChargeUntilShort(*shared, directory.path(), kMax); });
  };
  shared->go = true;
  for (int i = 0; i < 3; ++i) children.push_back(start());
  for (int i = 0; i < 40; ++i) {
    std::this_thread::sleep_for(milliseconds(5));
    pid_t& child = children[static_cast<std::size_t>(i % 3)];
    kill(child, SIGKILL);
    Wait(child);
    child = start();
  }
  shared->stop = true;
  for (const pid_t child : children) CHECK(Wait(child) == 0);
  CHECK(shared->admitted <= kMax);
  CHECK(shared->admitted > 0);
}

TEST_CASE("starting takes a moment, and who cannot share does not start") {
  const TemporaryDirectory directory;
  SystemClock clock;
  const auto begin = std::chrono::steady_clock::now();
  auto leader = LeaseNode::Start({.state_directory = directory.path()}, clock);
  auto follower = LeaseNode::Start({.state_directory = directory.path()}, clock);
  const auto took = std::chrono::steady_clock::now() - begin;
  REQUIRE(leader.has_value());
  REQUIRE(follower.has_value());
  CHECK((*leader)->leads());
  CHECK_FALSE((*follower)->leads());
  CHECK(took < std::chrono::seconds(1));  // milliseconds on an idle machine

  const auto other = LeaseNode::Start({.state_directory = "/proc/policyd"}, clock);
  CHECK_FALSE(other.has_value());
}

TEST_CASE("a follower without a leader that answers is told so, and denies") {
  const TemporaryDirectory directory;
  SharedMemory shared;
  const pid_t leader = Fork([&] { return ChargeUntilShort(*shared, directory.path(), 50); });
  while (shared->ready < 1) std::this_thread::sleep_for(milliseconds(1));
  SystemClock clock;
  auto node = LeaseNode::Start({.state_directory = directory.path()}, clock);
  REQUIRE(node.has_value());
  Counters& counters = (*node)->counters();
  const std::array<Charge, 1> charges = {
      Charge{.table = counters.Open(PerMonth()), .scope_key = "g", .max = 50}};
  // It may answer until it has really stopped.
  int status = 0;
  REQUIRE(kill(leader, SIGSTOP) == 0);
  REQUIRE(waitpid(leader, &status, WUNTRACED) == leader);
  REQUIRE(WIFSTOPPED(status));
  Reservation reservation;
  REQUIRE(Reserve(counters, charges, clock.WallNanoseconds(), reservation) ==
          ReserveResult::StoreError);
  kill(leader, SIGKILL);
  Wait(leader);
  // The lead is taken over.
  ReserveResult result = ReserveResult::StoreError;
  for (int i = 0; i < 100 && result == ReserveResult::StoreError; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    result = Reserve(counters, charges, clock.WallNanoseconds(), reservation);
  }
  CHECK(result == ReserveResult::Granted);
  CHECK((*node)->leads());
  reservation.Settle(Settlement::Commit);
}

}  // namespace
}  // namespace policy::transport
