// Counters of several kinds in one call, against lists of everything that was ever charged.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/limits/counter_table.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/limits/sliding_window.h"
#include "tests/unit/limits/hand_clock.h"
#include "tests/unit/limits/kind_identity.h"

namespace policy {
namespace {

__extension__ using Signed = __int128;

constexpr std::uint32_t kPermitSeconds = 30 * 86'400;

// One counter, all of whose calls charge alike.
struct Spec {
  CounterKind kind = CounterKind::Fixed;
  std::uint32_t seconds = 0;
  std::int64_t max = 0;
  std::int64_t burst = 0;
  bool has_amounts = false;  // or counts calls
};

const std::vector<Spec> kSpecs = {
    {.kind = CounterKind::Sliding, .seconds = 60, .max = 9},
    {.kind = CounterKind::Sliding, .seconds = 7, .max = 30, .has_amounts = true},
    {.kind = CounterKind::Bucket, .seconds = 60, .max = 20, .burst = 6},
    {.kind = CounterKind::Bucket, .seconds = 3, .max = 11, .burst = 9, .has_amounts = true},
    {.kind = CounterKind::Concurrency, .max = 4},
    {.kind = CounterKind::Fixed, .max = 400, .has_amounts = true},
};

struct Entry {
  std::int64_t at_ns = 0;  // by the clock of the cell
  std::int64_t charged = 0;
  std::int64_t kept = 0;  // as far as is known
  bool is_held = true;
};

// What a charge must meet with: no room by the smallest count that can be right, or room by the
// largest.
struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

class ModelCell {
 public:
  explicit ModelCell(const Spec& spec) : spec_(spec) {}

  std::int64_t MoveTo(std::int64_t now_ns) { return now_ns_ = std::max(now_ns_, now_ns); }

  Bounds Used() const {
    switch (spec_.kind) {
      case CounterKind::Sliding: {
        const std::int64_t window_ns = spec_.seconds * kSecond;
        // Calls, up to 64: exact.
        const std::int64_t slack_ns = spec_.has_amounts ? window_ns / SlidingWindow::kParts : 0;
        return {Since(now_ns_ - window_ns), Since(now_ns_ - window_ns - slack_ns)};
      }
      case CounterKind::Bucket:
        return {Level(&Entry::kept), Level(&Entry::charged)};
      case CounterKind::Concurrency: {
        std::int64_t held = 0;
        for (const Entry& entry : entries_) held += entry.is_held ? entry.charged : 0;
        return {held, held};
      }
      case CounterKind::Fixed:
        return {Since(-1), Since(-1)};
    }
    return {};
  }

  std::size_t Add(std::int64_t amount) {
    entries_.push_back({now_ns_, amount, amount, true});
    return entries_.size() - 1;
  }
  Entry& at(std::size_t entry) { return entries_[entry]; }
  // What costs more than was reserved is charged when that is known.
  void Post(std::int64_t amount) { entries_.push_back({now_ns_, amount, amount, false}); }

 private:
  std::int64_t Since(std::int64_t begin_ns) const {
    std::int64_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.at_ns > begin_ns ? entry.kept : 0;
    return sum;
  }

  std::int64_t Level(std::int64_t Entry::* amount) const {
    const std::int64_t window_ns = spec_.seconds * kSecond;
    Signed level = 0;
    std::int64_t at_ns = 0;
    for (const Entry& entry : entries_) {
      level = std::max<Signed>(0, level - Signed{spec_.max} * (entry.at_ns - at_ns));
      level += Signed{entry.*amount} * window_ns;
      at_ns = entry.at_ns;
    }
    level = std::max<Signed>(0, level - Signed{spec_.max} * (now_ns_ - at_ns));
    return static_cast<std::int64_t>((level + window_ns - 1) / window_ns);
  }

  Spec spec_;
  std::int64_t now_ns_ = 0;
  std::vector<Entry> entries_;
};

class KindsModel {
 public:
  explicit KindsModel(std::uint32_t seed) : random_(seed) {
    for (const Spec& spec : kSpecs) tables_.push_back(Open(spec, tables_.size()));
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      now_ns_ += Pick(3) == 0 ? Pick(2 * kSecond) : 0;
      if (Pick(80) == 0) now_ns_ += Pick(100) * kSecond;
      if (Pick(3) == 0 && !held_.empty()) {
        Settle();
      } else {
        Reserve();
      }
    }
    CHECK(granted_ > steps / 12);
    CHECK(short_ > steps / 12);
  }

 private:
  struct Held {
    Reservation reservation;
    std::vector<Charge> charges;
    std::vector<std::pair<std::size_t, std::string>> cells;
    std::vector<std::size_t> entries;
  };

  CounterTable* Open(const Spec& spec, std::size_t number) {
    CounterIdentity identity = Identity(spec.kind, spec.seconds);
    identity.name += std::to_string(number);
    return counters_.Open(identity);
  }
  std::int64_t Pick(std::int64_t count) {
    return std::uniform_int_distribution<std::int64_t>(0, count - 1)(random_);
  }
  ModelCell& CellOf(std::size_t table, const std::string& key) {
    return cells_.try_emplace({table, key}, kSpecs[table]).first->second;
  }

  void Reserve() {
    Held held;
    // Late calls are taken for the newest that the cell has seen.
    const std::int64_t now_ns = now_ns_ - (Pick(10) == 0 ? Pick(20 * kSecond) : 0);
    for (std::size_t table = 0; table < kSpecs.size(); ++table) {
      if (Pick(4) != 0) continue;
      const Spec& spec = kSpecs[table];
      const std::string& key = keys_[static_cast<std::size_t>(Pick(2))];
      held.charges.push_back({.table = tables_[table],
                              .scope_key = key,
                              .amount = spec.has_amounts ? Pick(6) : 1,
                              .max = spec.max,
                              .refund_on_error = Pick(2) == 0,
                              .burst = spec.burst});
      held.cells.emplace_back(table, key);
    }
    std::vector<ChargeState> peeked(held.charges.size());
    std::vector<ChargeState> states(held.charges.size());
    const ReserveResult peek = counters_.Peek(held.charges, now_ns, peeked);
    const ReserveResult result =
        counters_.TryReserve(held.charges, now_ns, states, held.reservation);
    REQUIRE(peek == result);
    const bool is_granted = result == ReserveResult::Granted;
    bool any_is_short = false;
    for (std::size_t i = 0; i < states.size(); ++i) {
      any_is_short = any_is_short || states[i].is_short;
      CheckCharge(held, i, states[i], is_granted, now_ns);
      REQUIRE(peeked[i].is_short == states[i].is_short);
      REQUIRE(peeked[i].retry_after_ms == states[i].retry_after_ms);
    }
    REQUIRE(any_is_short == !is_granted);
    ++(is_granted ? granted_ : short_);
    if (is_granted) held_.push_back(std::move(held));
  }

  void CheckCharge(Held& held, std::size_t i, const ChargeState& state, bool is_granted,
                   std::int64_t now_ns) {
    const Charge& charge = held.charges[i];
    const auto& [table, key] = held.cells[i];
    const Spec& spec = kSpecs[table];
    CAPTURE(table, key, charge.amount);
    ModelCell& cell = CellOf(table, key);
    const std::int64_t cell_ns = cell.MoveTo(now_ns);
    const Bounds used = cell.Used();
    const std::int64_t capacity = spec.kind == CounterKind::Bucket ? spec.burst : spec.max;
    const std::int64_t taken = is_granted ? charge.amount : 0;
    REQUIRE(state.used >= used.least + (spec.kind == CounterKind::Bucket ? 0 : taken));
    REQUIRE(state.used <= used.most + taken);
    // A bucket's use is rounded up, by less than one.
    const std::int64_t rounding = spec.kind == CounterKind::Bucket ? 1 : 0;
    if (used.least - rounding + charge.amount > capacity) REQUIRE(state.is_short);
    if (used.most + charge.amount <= capacity) REQUIRE_FALSE(state.is_short);
    const bool says_when = state.is_short && state.retryable &&
                           (spec.kind == CounterKind::Sliding || spec.kind == CounterKind::Bucket);
    REQUIRE(state.retryable == (!state.is_short || spec.kind != CounterKind::Fixed));
    REQUIRE(state.retry_after_ms.has_value() == says_when);
    if (says_when) CheckRetry(charge, *state.retry_after_ms, now_ns, cell_ns);
    if (is_granted) held.entries.push_back(cell.Add(charge.amount));
  }

  // There is room then, and not a millisecond before.
  void CheckRetry(const Charge& charge, std::int64_t retry_after_ms, std::int64_t now_ns,
                  std::int64_t cell_ns) {
    const std::int64_t retry_ns = now_ns + retry_after_ms * 1'000'000;
    REQUIRE(retry_ns > cell_ns);
    const bool looks_before = retry_ns - 1'000'000 > cell_ns && Pick(2) == 0;
    const std::int64_t seen_ns = looks_before ? retry_ns - 1'000'000 : retry_ns;
    std::array<ChargeState, 1> state;
    REQUIRE(counters_.Peek({&charge, 1}, seen_ns, state) ==
            (looks_before ? ReserveResult::Short : ReserveResult::Granted));
    // The peek has shown the cell that time.
    for (std::size_t table = 0; table < tables_.size(); ++table) {
      if (tables_[table] == charge.table) {
        CellOf(table, std::string(charge.scope_key)).MoveTo(seen_ns);
      }
    }
    now_ns_ = std::max(now_ns_, seen_ns);
  }

  void Settle() {
    std::swap(held_[static_cast<std::size_t>(Pick(static_cast<std::int64_t>(held_.size())))],
              held_.back());
    Held held = std::move(held_.back());
    held_.pop_back();
    if (Pick(3) == 0) return SettleActual(held);
    const auto settlement = static_cast<Settlement>(Pick(3));
    for (std::size_t i = 0; i < held.charges.size(); ++i) {
      Entry& entry = CellOf(held.cells[i].first, held.cells[i].second).at(held.entries[i]);
      const bool gives_back =
          settlement == Settlement::Void ||
          (settlement == Settlement::CommitError && held.charges[i].refund_on_error);
      entry.is_held = false;
      if (gives_back) entry.kept = 0;
    }
    held.reservation.Settle(settlement);
  }

  void SettleActual(Held& held) {
    std::vector<std::optional<std::int64_t>> amounts;
    for (std::size_t i = 0; i < held.charges.size(); ++i) {
      const std::int64_t reserved = held.charges[i].amount;
      std::optional<std::int64_t> amount;
      if (Pick(4) != 0) amount = Pick(reserved + 2) - (Pick(8) == 0 ? 10 : 0);
      // Calls that are counted by one each stay so, for what is exact to stay exact.
      if (!kSpecs[held.cells[i].first].has_amounts) amount = Pick(2);
      amounts.push_back(amount);
      ModelCell& cell = CellOf(held.cells[i].first, held.cells[i].second);
      const std::int64_t actual = amount && *amount >= 0 ? *amount : reserved;
      cell.at(held.entries[i]).is_held = false;
      if (kSpecs[held.cells[i].first].kind == CounterKind::Concurrency) continue;
      cell.at(held.entries[i]).kept = std::min(actual, reserved);
      if (actual > reserved) {
        cell.MoveTo(now_ns_);
        cell.Post(actual - reserved);
      }
    }
    held.reservation.SettleActual(amounts, now_ns_);
    CHECK_FALSE(held.reservation.holds_charges());
  }

  const std::array<std::string, 2> keys_ = {"a", std::string(40, 'b')};
  std::mt19937_64 random_;
  MemoryCounters counters_{{.permit_seconds = kPermitSeconds}};
  std::vector<CounterTable*> tables_;
  std::map<std::pair<std::size_t, std::string>, ModelCell> cells_;
  std::vector<Held> held_;
  std::int64_t now_ns_ = kNoon;
  int granted_ = 0;
  int short_ = 0;
};

TEST_CASE("counters of every kind do what lists of all charges say") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    KindsModel(seed).Run(2'000);
  }
}

// --- What only some kinds do

TEST_CASE("a permit is given back once, and at the latest when no call can last as long") {
  MemoryCounters counters({.permit_seconds = 64});
  CounterTable* table = counters.Open(Identity(CounterKind::Concurrency, 0));
  const std::array<Charge, 1> charges = {Charge{.table = table, .scope_key = "k", .max = 2}};
  std::array<ChargeState, 1> states;
  const auto reserve = [&](std::int64_t now_ns, Reservation& reservation) {
    return counters.TryReserve(charges, now_ns, states, reservation);
  };
  Reservation first;
  Reservation second;
  Reservation third;
  REQUIRE(reserve(kNoon, first) == ReserveResult::Granted);
  REQUIRE(reserve(kNoon + kSecond, second) == ReserveResult::Granted);
  REQUIRE(reserve(kNoon + 63 * kSecond, third) == ReserveResult::Short);
  CHECK(states[0].retryable);
  CHECK_FALSE(states[0].retry_after_ms.has_value());
  CHECK_FALSE(states[0].window_end_ms.has_value());
  CHECK(counters.overdue() == 0);
  // The first is still under way, but is no longer counted.
  REQUIRE(reserve(kNoon + 64 * kSecond, third) == ReserveResult::Granted);
  CHECK(counters.overdue() == 1);
  first.Settle(Settlement::Commit);
  Reservation fourth;
  CHECK(reserve(kNoon + 64 * kSecond, fourth) == ReserveResult::Short);
  // Whatever the end of the call was.
  second.Settle(Settlement::CommitError);
  CHECK(reserve(kNoon + 64 * kSecond, fourth) == ReserveResult::Granted);
  CHECK(states[0].used == 2);
}

TEST_CASE("cells of every kind are reused when nothing in them counts any more") {
  MemoryCounters counters({.cells_max = 10'000, .cells_per_table_max = 100});
  for (const CounterKind kind :
       {CounterKind::Sliding, CounterKind::Bucket, CounterKind::Concurrency}) {
    CAPTURE(static_cast<int>(kind));
    CounterTable* table = counters.Open(Identity(kind, 60));
    const auto charge = [&](int key, std::int64_t now_ns, Reservation& reservation) {
      const std::string text = "key " + std::to_string(key);
      const std::array<Charge, 1> charges = {
          Charge{.table = table, .scope_key = text, .amount = 1, .max = 1, .burst = 1}};
      std::array<ChargeState, 1> states;
      return counters.TryReserve(charges, now_ns, states, reservation);
    };
    std::vector<Reservation> held(100);
    for (int key = 0; key < 100; ++key) {
      REQUIRE(charge(key, kNoon, held[static_cast<std::size_t>(key)]) == ReserveResult::Granted);
    }
    Reservation other;
    REQUIRE(charge(100, kNoon + 30 * kSecond, other) == ReserveResult::TableFull);
    for (Reservation& reservation : held) reservation.Settle(Settlement::Commit);
    if (kind != CounterKind::Concurrency) {
      REQUIRE(charge(100, kNoon + 30 * kSecond, other) == ReserveResult::TableFull);
      REQUIRE(charge(5, kNoon + 59 * kSecond, other) == ReserveResult::Short);
    }
    for (int key = 100; key < 200; ++key) {
      REQUIRE(charge(key, kNoon + 180 * kSecond, other) == ReserveResult::Granted);
      other.Settle(Settlement::Commit);
    }
    counters.Close(table);
  }
}

TEST_CASE("a clock that is set back charges no span of time again") {
  MemoryCounters counters({.cells_max = 1'000, .cells_per_table_max = 4});
  CounterTable* table = counters.Open(Identity(CounterKind::Sliding, 60));
  std::array<ChargeState, 1> states;
  const auto charge = [&](const std::string& key, std::int64_t now_ns) {
    const std::array<Charge, 1> charges = {Charge{.table = table, .scope_key = key, .max = 1}};
    Reservation reservation;
    const ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    reservation.Settle(Settlement::Commit);
    return result;
  };
  for (const char* key : {"a", "b", "c", "d"}) {
    REQUIRE(charge(key, kNoon) == ReserveResult::Granted);
  }
  for (const char* key : {"a", "b", "c", "d"}) {
    const std::array<Charge, 1> charges = {Charge{.table = table, .scope_key = key, .max = 1}};
    REQUIRE(counters.Peek(charges, kNoon + 61 * kSecond, states) == ReserveResult::Granted);
  }
  // Nothing counts in them any more: they are reused for others.
  REQUIRE(charge("e", kNoon + 10 * kSecond) == ReserveResult::Granted);
  REQUIRE(charge("a", kNoon + 10 * kSecond) == ReserveResult::Granted);
  CHECK(states[0].window_end_ms == (kNoon + 121 * kSecond) / 1'000'000);
}

TEST_CASE("more than was reserved goes to the window of then, past max") {
  MemoryCounters counters;
  CounterIdentity minute = Identity(CounterKind::Fixed, 0);
  minute.window = CounterWindow::Seconds;
  minute.window_seconds = 60;
  CounterTable* table = counters.Open(minute);
  const std::array<Charge, 1> charges = {
      Charge{.table = table, .scope_key = "k", .amount = 4, .max = 10}};
  std::array<ChargeState, 1> states;
  const auto used_at = [&](std::int64_t now_ns) {
    counters.Peek(charges, now_ns, states);
    return states[0].used;
  };
  const auto settle = [&](std::int64_t reserved_ns, std::optional<std::int64_t> actual,
                          std::int64_t settled_ns) {
    Reservation reservation;
    REQUIRE(counters.TryReserve(charges, reserved_ns, states, reservation) ==
            ReserveResult::Granted);
    const std::array<std::optional<std::int64_t>, 1> amounts = {actual};
    reservation.SettleActual(amounts, settled_ns);
    CHECK_FALSE(reservation.holds_charges());
  };
  settle(kNoon, 1, kNoon);
  CHECK(used_at(kNoon) == 1);
  settle(kNoon, std::nullopt, kNoon);
  CHECK(used_at(kNoon) == 5);
  settle(kNoon, -3, kNoon);
  CHECK(used_at(kNoon) == 9);
  settle(kNoon + 60 * kSecond, 30, kNoon + 60 * kSecond);
  CHECK(used_at(kNoon + 60 * kSecond) == 30);
  // The window has ended: what was reserved stays there, the rest counts now.
  settle(kNoon + 120 * kSecond, 5, kNoon + 180 * kSecond);
  CHECK(used_at(kNoon + 180 * kSecond) == 1);
  settle(kNoon + 240 * kSecond, 0, kNoon + 300 * kSecond);
  CHECK(used_at(kNoon + 300 * kSecond) == 0);
  settle(kNoon + 360 * kSecond, INT64_MAX, kNoon + 360 * kSecond);
  CHECK(used_at(kNoon + 360 * kSecond) == INT64_MAX);
}

TEST_CASE("a counter of another kind is another counter") {
  MemoryCounters counters;
  CounterIdentity fixed = Identity(CounterKind::Sliding, 60);
  fixed.kind = CounterKind::Fixed;
  CHECK(counters.Open(fixed) != counters.Open(Identity(CounterKind::Sliding, 60)));
  CHECK(counters.Open(Identity(CounterKind::Sliding, 60)) !=
        counters.Open(Identity(CounterKind::Bucket, 60)));
  CHECK(counters.Open(Identity(CounterKind::Bucket, kKindWindowSecondsMax + 1)) == nullptr);
  CounterIdentity month = Identity(CounterKind::Sliding, 0);
  month.window = CounterWindow::Month;
  CHECK(counters.Open(month) == nullptr);
  CounterIdentity busy = Identity(CounterKind::Concurrency, 0);
  busy.window = CounterWindow::Seconds;
  busy.window_seconds = 60;
  CHECK(counters.Open(busy) == nullptr);
}

}  // namespace
}  // namespace policy
