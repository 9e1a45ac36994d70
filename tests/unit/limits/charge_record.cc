#include "tests/unit/limits/charge_record.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "tests/unit/limits/kind_identity.h"

namespace policy {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// Reserves as a caller does: parks on NeedsStore and tries again when woken. `began_ns`: when it
// tried the last time, by the monotonic clock.
ReserveResult Reserve(Counters& counters, std::span<const Charge> charges, Clock& clock,
                      std::span<ChargeState> states, Reservation& reservation,
                      std::int64_t& began_ns) {
  const std::int64_t now_ns = clock.WallNanoseconds();
  while (true) {
    began_ns = clock.MonotonicNanoseconds();
    const ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    if (result != ReserveResult::NeedsStore) return result;
    auto woken = std::make_shared<std::promise<void>>();
    counters.WhenReady(charges, [woken] { woken->set_value(); });
    woken->get_future().wait();
  }
}

void Raise(std::atomic<std::int64_t>& most, std::int64_t value) {
  std::int64_t seen = most;
  while (seen < value && !most.compare_exchange_weak(seen, value)) {
  }
}

// Both lists are sorted; every unit was taken between the two instants of its place or of another.
struct Instants {
  std::vector<std::int64_t> from;
  std::vector<std::int64_t> to;
};

Instants InstantsOf(ChargeRecord& record) {
  Instants instants;
  const auto count =
      std::min(static_cast<std::size_t>(record.taken_count.load()), ChargeRecord::kChargesMax);
  for (std::size_t i = 0; i < count; ++i) {
    // A process that was killed may have left one unwritten.
    if (record.taken[i].to_ns == 0) continue;
    instants.from.push_back(record.taken[i].from_ns);
    instants.to.push_back(record.taken[i].to_ns);
  }
  std::ranges::sort(instants.from);
  std::ranges::sort(instants.to);
  return instants;
}

}  // namespace

SharedRecord::SharedRecord()
    : record_(new(mmap(nullptr, sizeof(ChargeRecord), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) ChargeRecord) {}

SharedRecord::~SharedRecord() { munmap(record_, sizeof(ChargeRecord)); }

bool IsFullTest() { return std::getenv("POLICY_FULL") != nullptr; }

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

int ChargeUntilStopped(ChargeRecord& record, Counters& counters, Clock& clock,
                       const KindDemand& demand) {
  const std::array<Charge, 1> charges = {
      Charge{.table = counters.Open(Identity(demand.kind, demand.window_seconds)),
             .scope_key = "g",
             .max = demand.max,
             .burst = demand.burst,
             .local_share = demand.local_share}};
  ++record.ready;
  while (!record.stop) {
    Reservation reservation;
    std::array<ChargeState, 1> states;
    std::int64_t began_ns = 0;
    switch (Reserve(counters, charges, clock, states, reservation, began_ns)) {
      case ReserveResult::Granted: {
        Raise(record.most_at_once, ++record.at_once);
        ++record.taken_by.at(demand.who);
        const auto place = static_cast<std::size_t>(record.taken_count++);
        if (place < ChargeRecord::kChargesMax) {
          record.taken[place].from_ns = began_ns;
          record.taken[place].window_end_ms = states[0].window_end_ms.value_or(0);
          record.taken[place].to_ns = clock.MonotonicNanoseconds();
        }
        if (demand.hold_us > 0) {
          std::this_thread::sleep_for(std::chrono::microseconds(demand.hold_us));
        }
        --record.at_once;
        reservation.Settle(Settlement::Commit);
        break;
      }
      case ReserveResult::Short:
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        break;
      default:
        ++record.store_errors;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        break;
    }
  }
  return 0;
}

// Of the units that began after an instant, and were through before the span had passed.
std::int64_t MostInAnySpan(ChargeRecord& record, std::uint32_t span_seconds) {
  const Instants instants = InstantsOf(record);
  const std::int64_t span_ns = span_seconds * kNanosecondsPerSecond;
  std::int64_t most = 0;
  std::size_t through = 0;
  for (std::size_t first = 0; first < instants.from.size(); ++first) {
    while (through < instants.to.size() && instants.to[through] < instants.from[first] + span_ns) {
      ++through;
    }
    // All but those that began before `first` are at most those.
    most = std::max(most, static_cast<std::int64_t>(through) - static_cast<std::int64_t>(first));
  }
  return most;
}

std::int64_t MostInAWindow(ChargeRecord& record) {
  std::map<std::int64_t, std::int64_t> used;
  std::int64_t most = 0;
  const auto count =
      std::min(static_cast<std::size_t>(record.taken_count.load()), ChargeRecord::kChargesMax);
  for (std::size_t i = 0; i < count; ++i) {
    if (record.taken[i].to_ns != 0) most = std::max(most, ++used[record.taken[i].window_end_ms]);
  }
  return most;
}

std::int64_t HighestLevel(ChargeRecord& record, const KindDemand& demand) {
  const Instants instants = InstantsOf(record);
  // burst + time * max / window bounds what is taken in any span: from one that began to one that
  // was through. The level is the most that is above the line.
  const double per_ns = static_cast<double>(demand.max) /
                        static_cast<double>(demand.window_seconds * kNanosecondsPerSecond);
  double level = 0;
  double lowest = 0;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < instants.to.size(); ++i) {
    while (begun < instants.from.size() && instants.from[begun] <= instants.to[i]) {
      const double line = static_cast<double>(begun) -
                          per_ns * static_cast<double>(instants.from[begun] - instants.from[0]);
      lowest = begun == 0 ? line : std::min(lowest, line);
      ++begun;
    }
    const double now = static_cast<double>(i + 1) -
                       per_ns * static_cast<double>(instants.to[i] - instants.from[0]);
    level = std::max(level, now - lowest);
  }
  return static_cast<std::int64_t>(level);
}

}  // namespace policy
