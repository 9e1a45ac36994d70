#include "runtime/limits/memory_counters.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/scope_key.h"

namespace policy {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'772'359'200 * kSecond;  // 2026-03-01T10:00:00Z

CounterIdentity PerMinute(std::string name) {
  return {.attachment = "default/local",
          .name = std::move(name),
          .window = CounterWindow::Seconds,
          .window_seconds = 60,
          .zone = "",
          .scale = 0,
          .scope = "grant"};
}

TEST_CASE("a window admits max and no more, and says when it ends") {
  MemoryCounters counters;
  CounterTable* sends = counters.Open(PerMinute("sends"));
  const std::array<Charge, 1> charges = {Charge{.table = sends, .scope_key = "g", .max = 3}};
  std::array<ChargeState, 1> states;
  const std::int64_t now_ns = kStart + 15 * kSecond + 300;
  for (std::int64_t i = 1; i <= 3; ++i) {
    Reservation reservation;
    REQUIRE(counters.TryReserve(charges, now_ns, states, reservation) == ReserveResult::Granted);
    CHECK(states[0].used == i);
    CHECK(states[0].window_end_ms == (kStart + 60 * kSecond) / 1'000'000);
    CHECK_FALSE(states[0].retry_after_ms.has_value());
    reservation.Settle(Settlement::Commit);
  }
  Reservation reservation;
  REQUIRE(counters.TryReserve(charges, now_ns, states, reservation) == ReserveResult::Short);
  CHECK(states[0].used == 3);
  CHECK(states[0].is_short);
  CHECK(states[0].retryable);
  CHECK(states[0].retry_after_ms == 45'000);
  CHECK_FALSE(reservation.holds_charges());

  REQUIRE(counters.TryReserve(charges, kStart + 60 * kSecond, states, reservation) ==
          ReserveResult::Granted);
  CHECK(states[0].used == 1);
}

TEST_CASE("all charges or none") {
  MemoryCounters counters;
  CounterTable* wide = counters.Open(PerMinute("wide"));
  CounterTable* narrow = counters.Open(PerMinute("narrow"));
  const std::array<Charge, 2> charges = {Charge{.table = wide, .scope_key = "g", .max = 10},
                                         Charge{.table = narrow, .scope_key = "g", .max = 1}};
  std::array<ChargeState, 2> states;
  Reservation first;
  REQUIRE(counters.TryReserve(charges, kStart, states, first) == ReserveResult::Granted);
  Reservation second;
  REQUIRE(counters.TryReserve(charges, kStart, states, second) == ReserveResult::Short);
  CHECK(states[0].used == 1);
  CHECK_FALSE(states[0].is_short);
  CHECK(states[0].window_end_ms.has_value());
  CHECK(states[1].is_short);
  first.Settle(Settlement::Void);
  REQUIRE(counters.TryReserve(charges, kStart, states, second) == ReserveResult::Granted);
  CHECK(states[0].used == 1);
}

TEST_CASE("settlements give back what they should, into the window charged") {
  MemoryCounters counters;
  CounterTable* table = counters.Open(PerMinute("refunds"));
  std::array<Charge, 1> charges = {
      Charge{.table = table, .scope_key = "g", .amount = 40, .max = 100, .refund_on_error = true}};
  std::array<ChargeState, 1> states;
  const auto used = [&](std::int64_t now_ns) {
    counters.Peek(charges, now_ns, states);
    return states[0].used;
  };
  {
    Reservation dropped;
    REQUIRE(counters.TryReserve(charges, kStart, states, dropped) == ReserveResult::Granted);
    CHECK(used(kStart) == 40);
  }
  CHECK(used(kStart) == 0);
  Reservation reservation;
  REQUIRE(counters.TryReserve(charges, kStart, states, reservation) == ReserveResult::Granted);
  reservation.Settle(Settlement::CommitError);
  reservation.Settle(Settlement::Void);  // once only
  CHECK(used(kStart) == 0);
  charges[0].refund_on_error = false;
  REQUIRE(counters.TryReserve(charges, kStart, states, reservation) == ReserveResult::Granted);
  reservation.Settle(Settlement::CommitError);
  CHECK(used(kStart) == 40);

  Reservation late;
  REQUIRE(counters.TryReserve(charges, kStart, states, late) == ReserveResult::Granted);
  REQUIRE(counters.TryReserve(charges, kStart + 60 * kSecond, states, reservation) ==
          ReserveResult::Granted);
  late.Settle(Settlement::Void);
  CHECK(used(kStart + 60 * kSecond) == 40);
}

TEST_CASE("limits that waiting cannot mend say so") {
  MemoryCounters counters;
  CounterIdentity identity = PerMinute("refunds");
  CounterTable* table = counters.Open(identity);
  identity.window = CounterWindow::Lifetime;
  CounterTable* lifetime = counters.Open(identity);
  std::array<ChargeState, 1> states;
  Reservation reservation;
  struct Case {
    CounterTable* table;
    std::int64_t amount;
    std::int64_t max;
  };
  for (const Case& c : {Case{table, 101, 100}, Case{table, 1, 0}, Case{table, 0, 0},
                        Case{table, INT64_MAX, INT64_MAX - 1}, Case{lifetime, 6, 5}}) {
    const std::array<Charge, 1> charges = {
        Charge{.table = c.table, .scope_key = "g", .amount = c.amount, .max = c.max}};
    REQUIRE(counters.TryReserve(charges, kStart, states, reservation) == ReserveResult::Short);
    CHECK_FALSE(states[0].retryable);
    CHECK_FALSE(states[0].retry_after_ms.has_value());
  }
  const std::array<Charge, 1> unknown = {Charge{.table = nullptr, .scope_key = "g", .max = 1}};
  CHECK(counters.TryReserve(unknown, kStart, states, reservation) == ReserveResult::StoreError);
}

TEST_CASE("sixty-four threads against one thousand") {
  MemoryCounters counters;
  CounterTable* a = counters.Open(PerMinute("a"));
  CounterTable* b = counters.Open(PerMinute("b"));
  CounterTable* c = counters.Open(PerMinute("c"));
  const auto charge = [](CounterTable* table) {
    return Charge{.table = table, .scope_key = "g", .max = 1000};
  };
  for (const std::vector<Charge>& charges :
       {std::vector<Charge>{charge(a)}, std::vector<Charge>{charge(b), charge(c), charge(a)}}) {
    std::atomic<int> admitted{0};
    std::vector<std::thread> threads;
    const std::int64_t now_ns = kStart + static_cast<std::int64_t>(charges.size()) * 60 * kSecond;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back([&, t] {
        std::vector<Charge> mine = charges;
        std::rotate(mine.begin(), mine.begin() + t % static_cast<int>(mine.size()), mine.end());
        std::vector<ChargeState> states(mine.size());
        for (int i = 0; i < 40; ++i) {
          Reservation reservation;
          if (counters.TryReserve(mine, now_ns, states, reservation) == ReserveResult::Granted) {
            ++admitted;
            reservation.Settle(Settlement::Commit);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(admitted == 1000);
  }
}

}  // namespace
}  // namespace policy
