// Counters against the obvious: maps, and one thread.
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "runtime/limits/memory_counters.h"
#include "runtime/limits/window.h"
#include "tests/unit/limits/hand_clock.h"

namespace policy {
namespace {

CounterIdentity Identity(CounterWindow window, std::uint32_t seconds, std::string zone) {
  return {.attachment = "default/local",
          .name = "c",
          .window = window,
          .window_seconds = seconds,
          .zone = std::move(zone),
          .scale = 0,
          .scope = "grant"};
}

// What a cell should be.
struct ModelCell {
  std::int64_t epoch_s = INT64_MIN;
  std::int64_t used = 0;
};

struct ModelCharge {
  std::pair<std::size_t, std::string> cell;
  std::int64_t epoch_s = 0;
  std::int64_t amount = 0;
  bool refund_on_error = false;
};

struct Held {
  Reservation reservation;
  std::vector<ModelCharge> charges;
};

class Model {
 public:
  explicit Model(std::uint32_t seed) : random_(seed) {
    const std::vector<CounterIdentity> identities = {
        Identity(CounterWindow::Seconds, 1, ""),
        Identity(CounterWindow::Seconds, 60, ""),
        Identity(CounterWindow::Seconds, 7'777, ""),
        Identity(CounterWindow::Day, 0, "UTC"),
        Identity(CounterWindow::Day, 0, "America/Sao_Paulo"),
        Identity(CounterWindow::Week, 0, "Pacific/Apia"),
        Identity(CounterWindow::Month, 0, "Europe/Berlin"),
        Identity(CounterWindow::Lifetime, 0, "")};
    for (const CounterIdentity& identity : identities) {
      tables_.push_back(counters_.Open(identity));
      calendars_.push_back(*WindowCalendar::Make(identity));
    }
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      MoveClock();
      if (Pick(4) == 0 && !held_.empty()) {
        Settle();
      } else {
        Reserve();
      }
    }
    CHECK(granted_ > steps / 10);
    CHECK(short_ > steps / 10);
  }

 private:
  std::int64_t Pick(std::int64_t count) {
    return std::uniform_int_distribution<std::int64_t>(0, count - 1)(random_);
  }

  void MoveClock() {
    constexpr std::array<std::int64_t, 5> kMoves_s = {60, 3'600, 86'400, 7 * 86'400, 31 * 86'400};
    if (Pick(3) == 0) now_ns_ += Pick(kSecond);
    if (Pick(30) == 0) now_ns_ += kSecond * Pick(kMoves_s[static_cast<std::size_t>(Pick(5))]);
    if (Pick(60) == 0) now_ns_ -= kSecond * Pick(kMoves_s[static_cast<std::size_t>(Pick(3))]);
  }

  // The window a charge goes to: the cell's own if the clock is older.
  ModelCell Current(std::size_t table, const std::string& key) {
    const std::int64_t start_s = calendars_[table].At(FloorSeconds(now_ns_)).start_s;
    // Cells of ended windows may be forgotten, but time does not go back with them.
    ModelCell& cell = cells_[{table, key}];
    if (cell.epoch_s < start_s) cell = {.epoch_s = start_s, .used = 0};
    return cell;
  }

  // A cell whose window had ended may have been reused, and the clock set back since: then the key
  // begins anew in the newest window that cells were reused in, never in an older one.
  bool MovesOn(std::size_t table, ModelCell& cell, const ChargeState& state) {
    std::int64_t& newest_s = newest_epochs_s_[table];
    newest_s = std::max(newest_s, calendars_[table].At(FloorSeconds(now_ns_)).start_s);
    if (!state.window_end_ms) return false;
    const std::int64_t epoch_s = calendars_[table].At(*state.window_end_ms / 1000 - 1).start_s;
    if (epoch_s <= cell.epoch_s || epoch_s > newest_s) return false;
    cell = {.epoch_s = epoch_s, .used = 0};
    return true;
  }

  void Reserve() {
    std::vector<Charge> charges;
    std::vector<std::size_t> tables;
    for (std::size_t table = 0; table < tables_.size(); ++table) {
      if (Pick(3) != 0) continue;
      const std::string& key = keys_[static_cast<std::size_t>(Pick(3))];
      charges.push_back({.table = tables_[table],
                         .scope_key = key,
                         .amount = Pick(20) == 0 ? INT64_MAX - Pick(3) : Pick(4),
                         .max = Pick(20) == 0 ? INT64_MAX : Pick(12),
                         .refund_on_error = Pick(2) == 0});
      tables.push_back(table);
    }
    std::vector<ChargeState> peeked(charges.size());
    std::vector<ChargeState> states(charges.size());
    const ReserveResult peek_result = counters_.Peek(charges, now_ns_, peeked);
    Held held;
    const ReserveResult result = counters_.TryReserve(charges, now_ns_, states, held.reservation);
    std::vector<bool> expect_short(charges.size());
    std::vector<ModelCell> before;
    bool is_peek_bound = true;
    for (std::size_t i = 0; i < charges.size(); ++i) {
      const Charge& c = charges[i];
      ModelCell cell = Current(tables[i], std::string(c.scope_key));
      if (MovesOn(tables[i], cell, states[i])) {
        cells_[{tables[i], std::string(c.scope_key)}] = cell;
        is_peek_bound = false;  // it did not know of that window yet
      }
      before.push_back(cell);
      __extension__ using Wide = __int128;
      expect_short[i] = c.max == 0 || Wide{before[i].used} + c.amount > c.max;
    }
    const bool expect_granted = std::ranges::count(expect_short, true) == 0;
    const ReserveResult expected = expect_granted ? ReserveResult::Granted : ReserveResult::Short;
    REQUIRE(result == expected);
    if (is_peek_bound) REQUIRE(peek_result == expected);
    ++(expect_granted ? granted_ : short_);
    for (std::size_t i = 0; i < charges.size(); ++i) {
      const Charge& c = charges[i];
      const Window window = calendars_[tables[i]].At(before[i].epoch_s);
      CAPTURE(tables[i], c.scope_key, c.amount, c.max, now_ns_);
      if (is_peek_bound) REQUIRE(peeked[i].used == before[i].used);
      REQUIRE(states[i].used == before[i].used + (expect_granted ? c.amount : 0));
      REQUIRE(states[i].is_short == expect_short[i]);
      const bool is_lifetime = window.end_s == kNoEnd;
      REQUIRE(states[i].window_end_ms.has_value() == !is_lifetime);
      if (!is_lifetime) REQUIRE(*states[i].window_end_ms == window.end_s * 1000);
      const bool retryable = !is_lifetime && c.max > 0 && c.amount <= c.max;
      REQUIRE(states[i].retryable == (!expect_short[i] || retryable));
      REQUIRE(states[i].retry_after_ms.has_value() == (expect_short[i] && retryable));
      if (states[i].retry_after_ms) CheckRetry(*states[i].retry_after_ms, window);
      if (expect_granted) {
        cells_[{tables[i], std::string(c.scope_key)}].used += c.amount;
        held.charges.push_back({.cell = {tables[i], std::string(c.scope_key)},
                                .epoch_s = before[i].epoch_s,
                                .amount = c.amount,
                                .refund_on_error = c.refund_on_error});
      }
    }
    if (expect_granted) held_.push_back(std::move(held));
  }

  // Exact to the millisecond: the window has ended then, and not a millisecond before.
  void CheckRetry(std::int64_t retry_after_ms, const Window& window) const {
    const std::int64_t retry_ns = now_ns_ + retry_after_ms * 1'000'000;
    REQUIRE(retry_ns >= window.end_s * kSecond);
    REQUIRE(retry_ns - 1'000'000 < window.end_s * kSecond);
  }

  void Settle() {
    std::swap(held_[static_cast<std::size_t>(Pick(static_cast<std::int64_t>(held_.size())))],
              held_.back());
    Held held = std::move(held_.back());
    held_.pop_back();
    const auto settlement = static_cast<Settlement>(Pick(3));
    for (const ModelCharge& charge : held.charges) {
      ModelCell& cell = cells_[charge.cell];
      const bool gives_back = settlement == Settlement::Void ||
                              (settlement == Settlement::CommitError && charge.refund_on_error);
      if (gives_back && cell.epoch_s == charge.epoch_s) cell.used -= charge.amount;
    }
    if (settlement == Settlement::Void && Pick(2) == 0) return;  // dropped: void as well
    held.reservation.Settle(settlement);
    CHECK_FALSE(held.reservation.holds_charges());
  }

  const std::array<std::string, 3> keys_ = {"a", "b", std::string(40, 'c')};
  std::mt19937_64 random_;
  MemoryCounters counters_;
  std::vector<CounterTable*> tables_;
  std::vector<WindowCalendar> calendars_;
  std::map<std::pair<std::size_t, std::string>, ModelCell> cells_;
  std::map<std::size_t, std::int64_t> newest_epochs_s_;  // by table
  std::vector<Held> held_;
  std::int64_t now_ns_ = 1'325'000'000 * kSecond;  // Apia leaves out a day soon
  int granted_ = 0;
  int short_ = 0;
};

TEST_CASE("counters do what maps and one thread would do") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Model(seed).Run(2'000);
  }
}

// Threads charge random amounts of random cells while the clock moves on. What was admitted is
// summed by the window that each call was told it went to.
TEST_CASE("no window ever holds more than its max, and exactly that when demand suffices") {
  constexpr std::int64_t kMax = 500;
  constexpr int kThreads = 4;
  constexpr int kWindows = 60;
  MemoryCounters counters;
  const std::array<CounterTable*, 2> tables = {
      counters.Open(Identity(CounterWindow::Seconds, 1, "")),
      counters.Open(Identity(CounterWindow::Seconds, 2, ""))};
  using Key = std::pair<std::size_t, std::int64_t>;  // table, window end
  std::array<std::map<Key, std::int64_t>, kThreads> sums;
  HandClock clock;
  std::barrier barrier(kThreads, [&]() noexcept { clock.Advance(kSecond); });
  const auto charge = [&](std::size_t thread, std::mt19937& random, std::int64_t amount) {
    std::array<Charge, 2> charges = {
        Charge{.table = tables[0], .scope_key = "k", .amount = amount, .max = kMax},
        Charge{.table = tables[1], .scope_key = "k", .amount = amount, .max = 2 * kMax}};
    if (random() % 2 == 0) std::swap(charges[0], charges[1]);
    const std::size_t count = 1 + random() % 2;
    // Late calls, with the clock of a window that may have ended.
    const std::int64_t now_ns =
        clock.wall_ns - static_cast<std::int64_t>(random() % 8) * 100'000'000;
    std::array<ChargeState, 2> states;
    Reservation reservation;
    const auto result = counters.TryReserve(std::span(charges).first(count), now_ns,
                                            std::span(states).first(count), reservation);
    if (result != ReserveResult::Granted) return false;
    if (random() % 4 == 0) return true;  // void
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t table = charges[i].table == tables[0] ? 0 : 1;
      sums[thread][{table, *states[i].window_end_ms}] += amount;
    }
    reservation.Settle(Settlement::Commit);
    return true;
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<std::uint32_t>(t));
      for (int window = 0; window < kWindows; ++window) {
        for (int i = 0; i < 300; ++i) charge(t, random, static_cast<std::int64_t>(random() % 9));
        // A void in another thread may still make room, so a few refusals are not the end.
        for (int refused = 0; refused < 50;) refused = charge(t, random, 1) ? 0 : refused + 1;
        barrier.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<Key, std::int64_t> total;
  for (const auto& of_thread : sums) {
    for (const auto& [key, amount] : of_thread) total[key] += amount;
  }
  int full = 0;
  for (const auto& [key, amount] : total) {
    REQUIRE(amount <= (key.first == 0 ? kMax : 2 * kMax));
    if (amount == kMax) ++full;
  }
  CHECK(full >= kWindows * 9 / 10);
}

// Whatever threads give back, the cell ends with exactly what was kept.
TEST_CASE("what is kept is what is charged") {
  MemoryCounters counters;
  CounterTable* table = counters.Open(Identity(CounterWindow::Lifetime, 0, ""));
  std::atomic<std::int64_t> kept{0};
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      std::vector<std::tuple<Reservation, std::int64_t, bool>> held;
      for (int i = 0; i < 5'000; ++i) {
        const std::array<Charge, 1> charges = {
            Charge{.table = table,
                   .scope_key = "k",
                   .amount = static_cast<std::int64_t>(random() % 100),
                   .max = 1'000'000'000,
                   .refund_on_error = random() % 2 == 0}};
        std::array<ChargeState, 1> states;
        Reservation reservation;
        counters.TryReserve(charges, kNoon, states, reservation);
        held.emplace_back(std::move(reservation), charges[0].amount, charges[0].refund_on_error);
        if (held.size() < 10) continue;
        std::swap(held[random() % held.size()], held.back());
        auto& [last, amount, refund_on_error] = held.back();
        const auto settlement = static_cast<Settlement>(random() % 3);
        last.Settle(settlement);
        if (settlement == Settlement::Commit ||
            (settlement == Settlement::CommitError && !refund_on_error)) {
          kept += amount;
        }
        held.pop_back();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::array<Charge, 1> charges = {
      Charge{.table = table, .scope_key = "k", .amount = 0, .max = 1'000'000'000}};
  std::array<ChargeState, 1> states;
  counters.Peek(charges, kNoon, states);
  CHECK(states[0].used == kept);
}

TEST_CASE("tables are full of live cells only, and reuse those of ended windows") {
  MemoryCounters counters({.cells_max = 150, .cells_per_table_max = 100});
  CounterTable* table = counters.Open(Identity(CounterWindow::Seconds, 60, ""));
  CounterTable* other = counters.Open(Identity(CounterWindow::Day, 0, "UTC"));
  const auto charge = [&](CounterTable* charged, int key, std::int64_t now_ns, std::int64_t max) {
    const std::string text = "a key that is longer than a cell: " + std::to_string(key);
    const std::array<Charge, 1> charges = {Charge{.table = charged, .scope_key = text, .max = max}};
    std::array<ChargeState, 1> states;
    Reservation reservation;
    const ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    reservation.Settle(Settlement::Commit);
    return result;
  };
  for (int window = 0; window < 20; ++window) {
    const std::int64_t now_ns = kNoon + window * 60 * kSecond;
    for (int key = 0; key < 100; ++key) {
      REQUIRE(charge(table, 1000 * window + key, now_ns, 1) == ReserveResult::Granted);
    }
    REQUIRE(charge(table, 1000 * window + 500, now_ns, 1) == ReserveResult::TableFull);
    REQUIRE(charge(table, 1000 * window + 5, now_ns, 1) == ReserveResult::Short);
    REQUIRE(charge(table, 1000 * window + 6, now_ns, 2) == ReserveResult::Granted);
  }
  CHECK(counters.cell_count() == 100);
  // The budget of the process is smaller than that of the tables.
  for (int key = 0; key < 50; ++key) {
    REQUIRE(charge(other, key, kNoon, 1) == ReserveResult::Granted);
  }
  CHECK(charge(other, 50, kNoon, 1) == ReserveResult::TableFull);
  // A clock set back finds no window that it could fill again.
  CHECK(charge(table, 5, kNoon, 1) == ReserveResult::TableFull);
  CHECK(charge(table, 19'005, kNoon, 1) == ReserveResult::Short);
}

TEST_CASE("refused calls do not fill a table") {
  MemoryCounters counters({.cells_max = 100, .cells_per_table_max = 100});
  CounterTable* table = counters.Open(Identity(CounterWindow::Seconds, 60, ""));
  std::array<ChargeState, 1> states;
  for (int key = 0; key < 10'000; ++key) {
    const std::string text = std::to_string(key);
    const std::array<Charge, 1> charges = {
        Charge{.table = table, .scope_key = text, .amount = 2, .max = 1}};
    Reservation reservation;
    REQUIRE(counters.TryReserve(charges, kNoon, states, reservation) == ReserveResult::Short);
  }
}

TEST_CASE("a table outlives its policies as long as it knows something") {
  MemoryCounters counters;
  const CounterIdentity minute = Identity(CounterWindow::Seconds, 60, "");
  const auto use = [&](CounterTable* table, std::int64_t now_ns) {
    const std::array<Charge, 1> charges = {Charge{.table = table, .scope_key = "k", .max = 5}};
    std::array<ChargeState, 1> states;
    Reservation reservation;
    REQUIRE(counters.TryReserve(charges, now_ns, states, reservation) == ReserveResult::Granted);
    reservation.Settle(Settlement::Commit);
    return states[0].used;
  };
  CounterTable* table = counters.Open(minute);
  CHECK(counters.Open(minute) == table);
  CHECK(use(table, kNoon) == 1);
  counters.Close(table);
  counters.Close(table);
  // Edited away and back within the window.
  table = counters.Open(minute);
  CHECK(use(table, kNoon) == 2);
  counters.Close(table);
  // Another table tells the time; the closed one is dropped.
  CounterTable* other = counters.Open(Identity(CounterWindow::Seconds, 1, ""));
  CHECK(counters.cell_count() == 1);
  use(other, kNoon + 60 * kSecond);
  counters.Close(counters.Open(Identity(CounterWindow::Seconds, 2, "")));
  CHECK(counters.cell_count() == 1);
  CounterIdentity changed = minute;
  changed.scale = 1;
  CHECK(counters.Open(changed) != counters.Open(minute));
  CHECK(counters.Open(Identity(CounterWindow::Day, 0, "Nowhere/Land")) == nullptr);
  counters.Close(nullptr);
}

}  // namespace
}  // namespace policy
