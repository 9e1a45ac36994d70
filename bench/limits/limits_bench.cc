// What a reservation costs. Every figure includes reading the clock, finding the cells by key, and,
// where it says so, settling; floors to compare with are measured in the same run.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/check.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/limits/scope_key.h"
#include "runtime/limits/system_clock.h"

namespace policy {
namespace {

constexpr std::int64_t kEnough = INT64_MAX / 2;

// What the barest code for the same took on a machine with two cores, without clock, key and
// settlement: a word in an array, compared and exchanged.
void ShowFloor(benchmark::State& state, const char* nanoseconds) {
  state.SetLabel(std::string("floor ") + nanoseconds);
}

const char* FloorOf(CounterKind kind, int threads) {
  switch (kind) {
    case CounterKind::Fixed:
      return threads == 1 ? "4.7 ns" : "20 ns";
    case CounterKind::Sliding:
      return "6.3 ns, by one thread";
    case CounterKind::Bucket:
    case CounterKind::Concurrency:
      return "4.7 ns, by one thread";
  }
  return "";
}

CounterIdentity Identity(std::string name, CounterKind kind = CounterKind::Fixed) {
  const bool has_span = kind == CounterKind::Sliding || kind == CounterKind::Bucket;
  CounterIdentity identity = {.attachment = "default/local",
                              .name = std::move(name),
                              .window = CounterWindow::Day,
                              .window_seconds = has_span ? 60u : 0u,
                              .zone = "UTC",
                              .scale = 0,
                              .scope = "grant",
                              .kind = kind};
  if (has_span) identity.window = CounterWindow::Seconds;
  if (kind == CounterKind::Concurrency) identity.window = CounterWindow::Lifetime;
  return identity;
}

std::string GrantKey(std::string_view grant) {
  ScopeKey key;
  CHECK(key.AddGrant(grant));
  return std::string(key.bytes());
}

// Counters with `count` limits on one grant.
struct Limits {
  explicit Limits(std::size_t count, std::int64_t max = kEnough) : key(GrantKey("agent-1")) {
    for (std::size_t i = 0; i < count; ++i) Add(CounterKind::Fixed, max);
  }
  explicit Limits(CounterKind kind) : key(GrantKey("agent-1")) { Add(kind, kEnough); }

  void Add(CounterKind kind, std::int64_t max) {
    const std::string name = "/all_tools/limits/" + std::to_string(charges.size());
    charges.push_back({.table = counters.Open(Identity(name, kind)),
                       .scope_key = key,
                       .max = max,
                       .burst = kind == CounterKind::Bucket ? max : 0});
  }

  MemoryCounters counters;
  SystemClock clock;
  std::string key;
  std::vector<Charge> charges;
};

void ReadClock(benchmark::State& state) {
  SystemClock clock;
  for (auto _ : state) benchmark::DoNotOptimize(clock.WallNanoseconds());
  ShowFloor(state, "21 ns");
}
BENCHMARK(ReadClock);

void AtomicIncrement(benchmark::State& state) {
  static std::atomic<std::int64_t> counter{0};
  for (auto _ : state) benchmark::DoNotOptimize(counter.fetch_add(1));
}
BENCHMARK(AtomicIncrement)->ThreadRange(1, 2)->UseRealTime();

// The decision's share: a batch is timed by hand, and settled outside that time.
void Reserve(benchmark::State& state) {
  using std::chrono::steady_clock;
  constexpr std::size_t kBatch = 64;
  Limits limits(static_cast<std::size_t>(state.range(0)));
  std::vector<ChargeState> states(limits.charges.size());
  std::vector<Reservation> reservations(kBatch);
  for (auto _ : state) {
    const steady_clock::time_point begin = steady_clock::now();
    for (Reservation& reservation : reservations) {
      const auto result = limits.counters.TryReserve(limits.charges, limits.clock.WallNanoseconds(),
                                                     states, reservation);
      benchmark::DoNotOptimize(result);
    }
    const std::chrono::duration<double> took = steady_clock::now() - begin;
    state.SetIterationTime(took.count() / kBatch);
    for (Reservation& reservation : reservations) reservation.Settle(Settlement::Commit);
  }
  ShowFloor(state, state.range(0) == 1 ? "4.7 ns" : "16 ns");
}
BENCHMARK(Reserve)->Arg(1)->Arg(3)->UseManualTime();

void ReserveAndCommit(benchmark::State& state) {
  static Limits* limits = nullptr;
  if (state.thread_index() == 0) limits = new Limits(static_cast<std::size_t>(state.range(0)));
  std::vector<ChargeState> states(static_cast<std::size_t>(state.range(0)));
  Reservation reservation;
  for (auto _ : state) {
    const auto result = limits->counters.TryReserve(
        limits->charges, limits->clock.WallNanoseconds(), states, reservation);
    benchmark::DoNotOptimize(result);
    reservation.Settle(Settlement::Commit);
  }
  const bool is_one = state.range(0) == 1;
  if (state.threads() == 1) ShowFloor(state, is_one ? "4.7 ns" : "16 ns");
  if (state.threads() == 2) ShowFloor(state, is_one ? "20 ns" : "112 ns");
  if (state.thread_index() == 0) delete std::exchange(limits, nullptr);
}
BENCHMARK(ReserveAndCommit)->Arg(1)->Arg(3)->ThreadRange(1, 2)->UseRealTime();

// One hot cell of a kind, by one thread and two. Sliding counts by parts here: the log is full at
// once.
void ReserveAndCommitKind(benchmark::State& state, CounterKind kind) {
  static Limits* limits = nullptr;
  if (state.thread_index() == 0) limits = new Limits(kind);
  std::array<ChargeState, 1> states;
  Reservation reservation;
  for (auto _ : state) {
    const auto result = limits->counters.TryReserve(
        limits->charges, limits->clock.WallNanoseconds(), states, reservation);
    benchmark::DoNotOptimize(result);
    reservation.Settle(Settlement::Commit);
  }
  ShowFloor(state, FloorOf(kind, state.threads()));
  if (state.thread_index() == 0) delete std::exchange(limits, nullptr);
}
BENCHMARK_CAPTURE(ReserveAndCommitKind, Fixed, CounterKind::Fixed)
    ->ThreadRange(1, 2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ReserveAndCommitKind, Sliding, CounterKind::Sliding)
    ->ThreadRange(1, 2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ReserveAndCommitKind, Bucket, CounterKind::Bucket)
    ->ThreadRange(1, 2)
    ->UseRealTime();
BENCHMARK_CAPTURE(ReserveAndCommitKind, Concurrency, CounterKind::Concurrency)
    ->ThreadRange(1, 2)
    ->UseRealTime();

// One call under a fixed limit, a sliding one and a bucket.
void ReserveAndCommitMixed(benchmark::State& state) {
  Limits limits(CounterKind::Fixed);
  limits.Add(CounterKind::Sliding, kEnough);
  limits.Add(CounterKind::Bucket, kEnough);
  std::array<ChargeState, 3> states;
  Reservation reservation;
  for (auto _ : state) {
    const auto result = limits.counters.TryReserve(limits.charges, limits.clock.WallNanoseconds(),
                                                   states, reservation);
    benchmark::DoNotOptimize(result);
    reservation.Settle(Settlement::Commit);
  }
}
BENCHMARK(ReserveAndCommitMixed);

void Deny(benchmark::State& state) {
  Limits limits(1, /*max=*/1);
  std::vector<ChargeState> states(1);
  Reservation first;
  limits.counters.TryReserve(limits.charges, limits.clock.WallNanoseconds(), states, first);
  Reservation reservation;
  for (auto _ : state) {
    benchmark::DoNotOptimize(limits.counters.TryReserve(
        limits.charges, limits.clock.WallNanoseconds(), states, reservation));
  }
  ShowFloor(state, "0.45 ns");
}
BENCHMARK(Deny);

// Uniform keys from an argument.
void ReserveOfManyKeys(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  MemoryCounters counters({.cells_max = 2 * count, .cells_per_table_max = 2 * count});
  SystemClock clock;
  CounterIdentity identity = Identity("/tools/send/limits/0");
  identity.window = CounterWindow::Lifetime;  // nothing is swept meanwhile
  CounterTable* table = counters.Open(identity);
  std::array<ChargeState, 1> states;
  Reservation reservation;
  ScopeKey key;
  // The key is written for each call: reading it from memory would be measured as well.
  const auto charge = [&](std::uint64_t number) {
    std::array<char, 12> text = {'c', 'u', 's', 't', '-'};
    for (std::size_t digit = 11; digit >= 5; --digit, number /= 10) {
      text[digit] = static_cast<char>('0' + number % 10);
    }
    key.Clear();
    CHECK(key.AddValue(Value::MakeString({text.data(), text.size()})));
    const std::array<Charge, 1> charges = {
        Charge{.table = table, .scope_key = key.bytes(), .max = kEnough}};
    const auto result = counters.TryReserve(charges, clock.WallNanoseconds(), states, reservation);
    reservation.Settle(Settlement::Commit);
    return result;
  };
  for (std::uint64_t i = 0; i < count; ++i) CHECK(charge(i) == ReserveResult::Granted);
  std::uint64_t random = 1;
  for (auto _ : state) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    benchmark::DoNotOptimize(charge((random >> 33) % count));
  }
  if (count == 1'000'000) ShowFloor(state, "116 ns");
}
BENCHMARK(ReserveOfManyKeys)->Arg(1'000)->Arg(1'000'000);

}  // namespace
}  // namespace policy

BENCHMARK_MAIN();
