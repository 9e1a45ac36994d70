// Counters of several kinds with threads: never over, full where demand suffices, and two calls
// that meet at two cells in every order.
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "runtime/limits/counter_table.h"
#include "runtime/limits/memory_counters.h"
#include "tests/unit/limits/hand_clock.h"
#include "tests/unit/limits/kind_identity.h"

namespace policy {
namespace {

__extension__ using Signed = __int128;

struct Hammer {
  static constexpr std::int64_t kMax = 40;
  static constexpr std::int64_t kBurst = 9;
  static constexpr std::uint32_t kSeconds = 64;
  static constexpr std::int64_t kStepNanoseconds = 3 * kSecond;
  static constexpr int kSteps = 60;

  MemoryCounters counters;
  CounterTable* sliding = counters.Open(Identity(CounterKind::Sliding, kSeconds));
  CounterTable* bucket = counters.Open(Identity(CounterKind::Bucket, kSeconds));
  CounterTable* permits = counters.Open(Identity(CounterKind::Concurrency, 0));
  std::int64_t now_ns = kNoon;
  // Of each step, by everybody.
  std::array<std::atomic<std::int64_t>, kSteps> slid{};
  std::array<std::atomic<std::int64_t>, kSteps> dripped{};
  std::atomic<std::int64_t> at_once{0};
  std::atomic<std::int64_t> at_once_most{0};

  Charge ChargeOf(CounterTable* table, std::int64_t amount) const {
    return {.table = table,
            .scope_key = "k",
            .amount = amount,
            .max = table == permits ? 3 : kMax,
            .refund_on_error = false,
            .burst = table == bucket ? kBurst : 0};
  }

  // A call that charges some of the counters; whether it passed.
  bool Call(std::mt19937& random, std::size_t step, bool all) {
    std::array<Charge, 3> charges;
    std::size_t count = 0;
    const std::int64_t amount = all ? 1 : static_cast<std::int64_t>(random() % 3);
    if (all || random() % 2 == 0) charges[count++] = ChargeOf(sliding, amount);
    if (all || random() % 2 == 0) charges[count++] = ChargeOf(bucket, amount);
    if (all || random() % 2 == 0) charges[count++] = ChargeOf(permits, 1);
    std::shuffle(charges.begin(), charges.begin() + static_cast<std::ptrdiff_t>(count), random);
    std::array<ChargeState, 3> states;
    Reservation reservation;
    const auto result = counters.TryReserve(std::span(charges).first(count), now_ns,
                                            std::span(states).first(count), reservation);
    if (result != ReserveResult::Granted) return false;
    const auto charges_it = [&](CounterTable* table) {
      return std::any_of(charges.begin(), charges.begin() + static_cast<std::ptrdiff_t>(count),
                         [&](const Charge& charge) { return charge.table == table; });
    };
    if (charges_it(permits)) {
      const std::int64_t beside = ++at_once;
      if (random() % 4 == 0) std::this_thread::yield();
      std::int64_t most = at_once_most;
      while (most < beside && !at_once_most.compare_exchange_weak(most, beside)) {
      }
      --at_once;
    }
    const bool is_void = random() % 4 == 0;
    if (!is_void && charges_it(sliding)) slid[step] += amount;
    if (!is_void && charges_it(bucket)) dripped[step] += amount;
    reservation.Settle(is_void ? Settlement::Void : Settlement::Commit);
    return true;
  }
};

void RunHammer(int threads_count) {
  CAPTURE(threads_count);
  Hammer hammer;
  std::vector<int> full_steps(2, 0);
  std::barrier barrier(threads_count, [&]() noexcept {
    const std::array<Charge, 1> slid = {hammer.ChargeOf(hammer.sliding, 1)};
    const std::array<Charge, 1> dripped = {hammer.ChargeOf(hammer.bucket, 1)};
    std::array<ChargeState, 1> state;
    if (hammer.counters.Peek(slid, hammer.now_ns, state) == ReserveResult::Short) ++full_steps[0];
    if (hammer.counters.Peek(dripped, hammer.now_ns, state) == ReserveResult::Short) {
      ++full_steps[1];
    }
    hammer.now_ns += Hammer::kStepNanoseconds;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<std::uint32_t>(t));
      for (std::size_t step = 0; step < Hammer::kSteps; ++step) {
        for (int i = 0; i < 60; ++i) hammer.Call(random, step, /*all=*/false);
        for (int refused = 0; refused < 40;) {
          refused = hammer.Call(random, step, /*all=*/true) ? 0 : refused + 1;
        }
        barrier.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(hammer.at_once_most <= 3);
  for (std::size_t from = 0; from < Hammer::kSteps; ++from) {
    Signed slid = 0;
    Signed dripped = 0;
    for (std::size_t to = from; to < Hammer::kSteps; ++to) {
      const Signed span_ns = static_cast<Signed>(to - from) * Hammer::kStepNanoseconds;
      slid += hammer.slid[to];
      dripped += hammer.dripped[to];
      constexpr Signed kWindow = Signed{Hammer::kSeconds} * kSecond;
      if (span_ns < kWindow) REQUIRE(slid <= Hammer::kMax);
      REQUIRE(dripped * kWindow <= Hammer::kBurst * kWindow + span_ns * Hammer::kMax);
    }
  }
  // One of the two stands in the way in every step; demand was there for both.
  CHECK(full_steps[0] + full_steps[1] >= Hammer::kSteps * 9 / 10);
  CHECK(full_steps[0] > 0);
  CHECK(full_steps[1] > 0);
}

TEST_CASE("threads over counters of every kind: never over, and full where demand suffices") {
  for (const int threads : {2, 4, 8}) RunHammer(threads);
}

constexpr std::array<std::array<int, 4>, 24> AllOrders() {
  std::array<std::array<int, 4>, 24> orders{};
  std::array<int, 4> order = {0, 1, 2, 3};
  for (std::size_t i = 0; i < orders.size(); ++i) {
    orders[i] = order;
    std::ranges::next_permutation(order);
  }
  return orders;
}

// Two threads make a call each while the test holds the locks of both cells; the threads are
// started and the locks given up in every order. Whatever the order, it is as if one call had come
// first.
void MeetInOrder(const std::array<int, 4>& order, CounterKind first_kind, CounterKind second_kind,
                 unsigned first_call, unsigned second_call) {
  MemoryCounters counters;
  const std::array<CounterTable*, 2> tables = {counters.Open(Identity(first_kind, 60)),
                                               counters.Open(Identity(second_kind, 90))};
  const auto call = [&](unsigned cells, Reservation& reservation) {
    std::vector<Charge> charges;
    for (unsigned cell : {1u, 0u}) {
      if ((cells >> cell & 1) == 0) continue;
      charges.push_back({.table = tables[cell],
                         .scope_key = "k",
                         .amount = 1,
                         .max = 1,
                         .refund_on_error = false,
                         .burst = 1});
    }
    std::vector<ChargeState> states(charges.size());
    return counters.TryReserve(charges, kNoon, states, reservation);
  };
  {
    Reservation made;  // the cells
    REQUIRE(call(3, made) == ReserveResult::Granted);
  }
  std::array<CounterCell*, 2> cells{};
  for (std::size_t i : {0u, 1u}) {
    cells[i] = tables[i]->FindConfirmed("k", tables[i]->Hash("k"));
    REQUIRE(cells[i] != nullptr);
  }
  cells[0]->Lock();
  cells[1]->Lock();
  std::array<Reservation, 2> reservations;
  std::array<ReserveResult, 2> results{};
  std::array<std::thread, 2> threads;
  const std::array<unsigned, 2> asked = {first_call, second_call};
  for (const int step : order) {
    const auto which = static_cast<std::size_t>(step % 2);
    if (step < 2) {
      threads[which] =
          std::thread([&, which] { results[which] = call(asked[which], reservations[which]); });
    } else {
      cells[which]->Unlock();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  for (std::thread& thread : threads) thread.join();
  const auto passed = [&](std::size_t i) { return results[i] == ReserveResult::Granted; };
  // Room for one in each cell: both pass where they share none, else one does.
  const bool share = (first_call & second_call) != 0;
  CHECK(passed(0) + passed(1) == (share ? 1 : 2));
  unsigned taken = 0;
  for (std::size_t i : {0u, 1u}) taken |= passed(i) ? asked[i] : 0;
  // The refused call took nothing; voided, the other leaves nothing.
  Reservation probe;
  CHECK((call(~taken & 3, probe) == ReserveResult::Granted));
  probe.Settle(Settlement::Void);
  for (Reservation& reservation : reservations) reservation.Settle(Settlement::Void);
  CHECK(call(3, probe) == ReserveResult::Granted);
}

TEST_CASE("two calls over two cells: in every order as if one had come first") {
  static constexpr auto kOrders = AllOrders();
  for (const auto& order : kOrders) {
    CAPTURE(order);
    for (const unsigned first_call : {1u, 2u, 3u}) {
      for (const unsigned second_call : {1u, 2u, 3u}) {
        CAPTURE(first_call, second_call);
        MeetInOrder(order, CounterKind::Fixed, CounterKind::Sliding, first_call, second_call);
      }
    }
    MeetInOrder(order, CounterKind::Bucket, CounterKind::Concurrency, 3, 3);
    MeetInOrder(order, CounterKind::Fixed, CounterKind::Bucket, 3, 3);
    MeetInOrder(order, CounterKind::Concurrency, CounterKind::Sliding, 3, 3);
  }
}

}  // namespace
}  // namespace policy
