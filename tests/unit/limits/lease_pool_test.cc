// What an operator does to a pool, and what a pool does that a clock sent astray: two holders,
// every message delivered at once.
#include "runtime/limits/store/lease_pool.h"

#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "runtime/limits/identity_key.h"
#include "runtime/limits/store/shared_counters.h"
#include "tests/unit/limits/hand_clock.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy {
namespace {

constexpr std::int64_t kDay = 86'400 * kSecond;

CounterIdentity PerDay() {
  return {.attachment = "default/local",
          .name = "spend",
          .window = CounterWindow::Day,
          .window_seconds = 0,
          .zone = "UTC",
          .scale = 0,
          .scope = "grant"};
}

CounterIdentity PerMinute() {
  CounterIdentity identity = PerDay();
  identity.name = "sends";
  identity.window = CounterWindow::Seconds;
  identity.window_seconds = 60;
  identity.zone = "";
  return identity;
}

class Machine final : LeasePool::Outbox {
 public:
  Machine() {
    auto directory = StateDirectory::Open(temporary_.path());
    REQUIRE(directory.has_value());
    state_ = std::make_unique<StateDirectory>(std::move(*directory));
    Start();
  }

  // Everybody ends without a word, and two holders start anew.
  void Start() {
    pool.reset();
    holders_.clear();
    auto opened = LeasePool::Open(*state_, clock, *this);
    REQUIRE(opened.has_value());
    pool = std::move(*opened);
    pool->ForgetOrphans();
    for (const LeasePool::HolderId id : {0U, 1U}) {
      holders_[id] = std::make_unique<SharedCounters>(clock);
      pool->Join(id);
    }
  }

  SharedCounters& holder(LeasePool::HolderId id) { return *holders_.at(id); }

  ReserveResult Try(LeasePool::HolderId id, Reservation& reservation, std::int64_t amount = 1,
                    std::int64_t max = 10, const CounterIdentity& identity = PerDay()) {
    SharedCounters& counters = holder(id);
    const std::array<Charge, 1> charges = {Charge{.table = counters.Open(identity),
                                                  .scope_key = "g",
                                                  .amount = amount,
                                                  .max = max,
                                                  .refund_on_error = true,
                                                  .burst = max}};
    std::array<ChargeState, 1> states;
    const std::int64_t now_ns = clock.wall_ns;
    ReserveResult result = counters.TryReserve(charges, now_ns, states, reservation);
    for (int i = 0; i < 4 && result == ReserveResult::NeedsStore; ++i) {
      bool is_ready = false;
      counters.WhenReady(charges, [&] { is_ready = true; });
      Deliver();
      REQUIRE(is_ready);
      result = counters.TryReserve(charges, now_ns, states, reservation);
    }
    counters.Close(charges[0].table);
    return result;
  }

  // Calls that pass until there is no room.
  int Exhaust(LeasePool::HolderId id, std::int64_t max = 10,
              const CounterIdentity& identity = PerDay()) {
    clock.Advance(SharedCounters::kRefusalNanoseconds);
    for (int passed = 0;; ++passed) {
      Reservation reservation;
      const ReserveResult result = Try(id, reservation, 1, max, identity);
      reservation.Settle(Settlement::Commit);
      if (result == ReserveResult::Short) return passed;
      REQUIRE(result == ReserveResult::Granted);
    }
  }

  void Deliver() {
    bool is_quiet = false;
    while (!is_quiet) {
      is_quiet = true;
      for (auto& [id, counters] : holders_) {
        for (const AskMessage& ask : counters->TakeAsks()) {
          REQUIRE(pool->Receive(id, ask));
          is_quiet = false;
        }
      }
      while (!sent_.empty()) {
        const auto [id, message] = std::move(sent_.front());
        sent_.pop_front();
        is_quiet = false;
        SharedCounters& counters = *holders_.at(id);
        if (const auto* grant = std::get_if<GrantMessage>(&message)) counters.Receive(*grant);
        if (const auto* set = std::get_if<SetMessage>(&message)) counters.Receive(*set);
        if (const auto* recall = std::get_if<RecallMessage>(&message)) {
          REQUIRE(pool->Receive(id, counters.Receive(*recall)));
        }
      }
    }
  }

  CellName Cell() const { return {.identity = IdentityKey(PerDay()), .scope_key = "g"}; }

  HandClock clock;
  std::unique_ptr<LeasePool> pool;

 private:
  void Send(LeasePool::HolderId holder, const LeaseMessage& message) override {
    sent_.emplace_back(holder, message);
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<StateDirectory> state_;
  std::map<LeasePool::HolderId, std::unique_ptr<SharedCounters>> holders_;
  std::deque<std::pair<LeasePool::HolderId, LeaseMessage>> sent_;
};

TEST_CASE("what an operator sets is what everybody has used") {
  Machine machine;
  REQUIRE(machine.Exhaust(0) == 10);
  REQUIRE(machine.Exhaust(1) == 0);
  REQUIRE(machine.pool->Set(machine.Cell(), 0));
  machine.Deliver();
  CHECK(machine.Exhaust(1) == 10);
  CHECK(machine.Exhaust(0) == 0);
  REQUIRE(machine.pool->Set(machine.Cell(), 7));
  machine.Deliver();
  CHECK(machine.Exhaust(0) == 3);
  CHECK(machine.Exhaust(1) == 0);
  REQUIRE(machine.pool->Set(machine.Cell(), 12));
  machine.Deliver();
  CHECK(machine.Exhaust(0) == 0);
  // It lasts.
  REQUIRE(machine.pool->Set(machine.Cell(), 4));
  machine.Start();
  CHECK(machine.Exhaust(1) == 6);
}

CounterIdentity OfKind(CounterKind kind) {
  const bool is_flow = IsFlow(kind);
  CounterIdentity identity = PerDay();
  identity.kind = kind;
  identity.window = is_flow ? CounterWindow::Seconds : CounterWindow::Lifetime;
  identity.window_seconds = is_flow ? 86'400 : 0;
  identity.zone = "";
  return identity;
}

TEST_CASE("sliding counters and buckets last over a restart, and are set by an operator") {
  const CounterKind kind = GENERATE(CounterKind::Sliding, CounterKind::Bucket);
  CAPTURE(static_cast<int>(kind));
  const CounterIdentity identity = OfKind(kind);
  const CellName cell{.identity = IdentityKey(identity), .scope_key = "g"};
  Machine machine;
  REQUIRE(machine.Exhaust(0, 10, identity) == 10);
  machine.Start();
  CHECK(machine.Exhaust(1, 10, identity) == 0);
  REQUIRE(machine.pool->Set(cell, 0));
  machine.Deliver();
  CHECK(machine.Exhaust(1, 10, identity) == 10);
  REQUIRE(machine.pool->Set(cell, 7));
  machine.Deliver();
  CHECK(machine.pool->Records().front().issued == 7);
  machine.Start();
  CHECK(machine.Exhaust(0, 10, identity) == 3);
  // What was charged by a clock that was ahead counts from now on, once somebody says so.
  machine.clock.wall_ns -= 3 * kDay;
  machine.Start();
  Reservation reservation;
  CHECK(machine.Try(0, reservation, 1, 10, identity) == ReserveResult::StoreError);
  CHECK(machine.pool->Confirm() == 1);
  machine.Deliver();
  CHECK(machine.Exhaust(0, 10, identity) == 0);
  machine.clock.Advance(2 * kDay);
  CHECK(machine.Exhaust(0, 10, identity) == 10);
}

TEST_CASE("permits of the dead come back after an hour and a minute, or as an operator says") {
  const CounterIdentity identity = OfKind(CounterKind::Concurrency);
  const CellName cell{.identity = IdentityKey(identity), .scope_key = "g"};
  Machine machine;
  const auto is_free = [&] {
    machine.clock.Advance(SharedCounters::kRefusalNanoseconds);
    Reservation reservation;
    const ReserveResult result = machine.Try(1, reservation, 1, 2, identity);
    return result == ReserveResult::Granted;
  };
  const auto leave_two = [&] {
    std::array<Reservation, 2> reservations;
    for (Reservation& one : reservations) {
      REQUIRE(machine.Try(0, one, 1, 2, identity) == ReserveResult::Granted);
    }
    CHECK_FALSE(is_free());
    for (Reservation& one : reservations) one.Settle(Settlement::Commit);
    machine.Start();  // nobody has told the pool
  };
  leave_two();
  CHECK_FALSE(is_free());
  machine.clock.Advance(3'600 * kSecond);
  CHECK_FALSE(is_free());
  machine.clock.Advance(70 * kSecond);
  CHECK(is_free());
  machine.Start();
  machine.clock.Advance(4'000 * kSecond);
  leave_two();
  CHECK_FALSE(is_free());
  REQUIRE(machine.pool->Set(cell, 0));
  CHECK(is_free());
}

TEST_CASE("room that is leased when an operator sets is gone, and comes back nowhere") {
  Machine machine;
  Reservation first;
  REQUIRE(machine.Try(0, first, 10, 5'000) == ReserveResult::Granted);  // and 10 more are leased
  REQUIRE(machine.Try(0, first = {}, 10, 5'000) == ReserveResult::Granted);
  REQUIRE(machine.pool->Set(machine.Cell(), 4'990));
  machine.Deliver();
  CHECK(machine.Exhaust(0, 5'000) == 10);
  CHECK(machine.Exhaust(1, 5'000) == 0);
}

TEST_CASE("a charge of before an operator set is not given back into what was set") {
  Machine machine;
  Reservation before;
  REQUIRE(machine.Try(0, before, 6) == ReserveResult::Granted);
  REQUIRE(machine.pool->Set(machine.Cell(), 0));
  machine.Deliver();
  Reservation after;
  REQUIRE(machine.Try(0, after, 10) == ReserveResult::Granted);
  before.Settle(Settlement::Void);
  CHECK(machine.Exhaust(0) == 0);
  CHECK(machine.Exhaust(1) == 0);
  after.Settle(Settlement::Void);
  CHECK(machine.Exhaust(1) == 10);
}

TEST_CASE("a window of the future waits for an operator, or for its time") {
  Machine machine;
  machine.clock.wall_ns += 30 * kDay;  // a wrong clock
  REQUIRE(machine.Exhaust(0, 3) == 3);
  machine.clock.wall_ns -= 30 * kDay;
  machine.Start();
  CHECK(machine.pool->waiting_count() == 1);
  Reservation reservation;
  CHECK(machine.Try(0, reservation) == ReserveResult::StoreError);
  CHECK(machine.Try(1, reservation, 1, 5, PerMinute()) == ReserveResult::Granted);
  reservation.Settle(Settlement::Commit);
  machine.clock.Advance(SharedCounters::kRefusalNanoseconds);
  SECTION("who says that the clock is right") {
    CHECK(machine.pool->Confirm() == 1);
    machine.Deliver();
    CHECK(machine.pool->waiting_count() == 0);
    // What was charged counts in the window of now, and that lasts.
    CHECK(machine.Exhaust(0) == 7);
    machine.Start();
    CHECK(machine.pool->waiting_count() == 0);
    CHECK(machine.Exhaust(0) == 0);
    machine.clock.Advance(kDay);
    CHECK(machine.Exhaust(0) == 10);
  }
  SECTION("its time comes") {
    machine.clock.wall_ns += 30 * kDay;
    CHECK(machine.Exhaust(1) == 7);
    CHECK(machine.pool->waiting_count() == 0);
  }
  SECTION("an operator sets it") {
    REQUIRE(machine.pool->Set(machine.Cell(), 9));
    machine.Deliver();
    CHECK(machine.Exhaust(1) == 1);
    machine.clock.Advance(kDay);
    CHECK(machine.Exhaust(1) == 10);
  }
}

TEST_CASE("a holder that lived through it is taken back by an operator too") {
  Machine machine;
  machine.clock.wall_ns += 30 * kDay;
  Reservation reservation;
  REQUIRE(machine.Try(0, reservation, 3) == ReserveResult::Granted);
  reservation.Settle(Settlement::Commit);
  machine.clock.wall_ns -= 30 * kDay;
  CHECK(machine.pool->waiting_count() == 0);  // nothing was recovered
  CHECK(machine.Exhaust(0) == 7);             // in the newest window that was seen
  REQUIRE(machine.pool->Set(machine.Cell(), 0));
  machine.Deliver();
  CHECK(machine.Exhaust(0) == 10);
}

TEST_CASE("windows that were forgotten wait when the clock says that they have not ended") {
  Machine machine;
  REQUIRE(machine.Exhaust(0, 3) == 3);
  machine.clock.Advance(2 * kDay);
  // Records until the file is written anew, which leaves out the window that has ended.
  for (int i = 0; i < 40'000; ++i) {
    REQUIRE(machine.pool->Receive(
        0, AskMessage{.request_id = 1,
                      .cell = {.identity = IdentityKey(PerMinute()), .scope_key = "g"},
                      .epoch_s = 0,
                      .amount = 1,
                      .max = 1'000'000}));
  }
  machine.Deliver();
  machine.clock.wall_ns -= 2 * kDay;
  machine.Start();
  CHECK(machine.pool->waiting_count() == 2);  // with the minute's, which lies ahead
  Reservation reservation;
  CHECK(machine.Try(0, reservation) == ReserveResult::StoreError);
  machine.clock.Advance(SharedCounters::kRefusalNanoseconds);
  SECTION("an operator confirms") {
    CHECK(machine.pool->Confirm() == 2);
    machine.Deliver();
    CHECK(machine.Exhaust(0) == 10);
    machine.Start();
    CHECK(machine.pool->waiting_count() == 0);
  }
  SECTION("their time comes") {
    machine.clock.Advance(2 * kDay);
    CHECK(machine.Exhaust(0) == 10);
    CHECK(machine.pool->waiting_count() == 0);
  }
}

TEST_CASE("a process that is killed loses a hundredth of a durable limit at most") {
  Machine machine;
  constexpr std::int64_t kMax = 1'000;
  std::int64_t passed = 0;
  for (int kills = 0; kills < 20; ++kills) {
    for (int i = 0; i < 20; ++i) {
      Reservation reservation;
      REQUIRE(machine.Try(0, reservation, 1, kMax) == ReserveResult::Granted);
      reservation.Settle(Settlement::Commit);
      ++passed;
    }
    machine.Start();
  }
  const std::int64_t rest = machine.Exhaust(0, kMax);
  CHECK(passed + rest <= kMax);
  CHECK(passed + rest >= kMax - 20 * kMax / LeasePool::kDurableGrantParts);
}

TEST_CASE("the records of a pool are its windows of now") {
  Machine machine;
  REQUIRE(machine.Exhaust(0, 3) == 3);
  REQUIRE(machine.Exhaust(1, 2, PerMinute()) == 2);
  CHECK(machine.pool->Records().size() == 2);
  machine.clock.Advance(60 * kSecond);
  REQUIRE(machine.pool->Records().size() == 1);
  CHECK(machine.pool->Records()[0].name == machine.Cell());
  CHECK(machine.pool->Records()[0].issued == 3);
  machine.clock.Advance(kDay);
  CHECK(machine.pool->Records().empty());
}

}  // namespace
}  // namespace policy
