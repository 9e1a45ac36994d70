// What a replica seldom meets in a Redis: other time zone data, a clock that is off, scripts that
// are gone, limits that differ, budgets that wait for an operator.
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/limits/system_clock.h"
#include "runtime/transport/lease_node.h"
#include "runtime/value/civil_time.h"
#include "tests/unit/limits/redis_server.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kSecond = 1'000'000'000;

// The system's clock, set off.
class OffClock final : public Clock {
 public:
  std::int64_t WallNanoseconds() override { return system_.WallNanoseconds() + off_ns; }
  std::int64_t MonotonicNanoseconds() override { return system_.MonotonicNanoseconds(); }
  std::atomic<std::int64_t> off_ns{0};

 private:
  SystemClock system_;
};

CounterIdentity Counter(CounterWindow window, std::uint32_t seconds = 0) {
  const bool has_zone = window != CounterWindow::Seconds && window != CounterWindow::Lifetime;
  return {.attachment = "default/local",
          .name = "calls",
          .window = window,
          .window_seconds = seconds,
          .zone = has_zone ? "America/New_York" : "",
          .scale = 0,
          .scope = "grant"};
}

class Replica {
 public:
  Replica(const RedisServer& server, const CounterIdentity& identity, bool makes_pool) {
    auto started = LeaseNode::StartWithRedis({.address = *ParseRedisAddress(server.url()),
                                              .password = {},
                                              .ca_path = {},
                                              .makes_pool = makes_pool},
                                             {.state_directory = {},
                                              .on_trouble =
                                                  [this](const std::string& trouble) {
                                                    const std::scoped_lock guard(mutex_);
                                                    troubles_ += trouble + "\n";
                                                  }},
                                             clock);
    REQUIRE(started.has_value());
    node = std::move(*started);
    table_ = node->counters().Open(identity);
  }

  ReserveResult Charge(std::int64_t max, std::int64_t amount = 1) {
    const std::array<policy::Charge, 1> charges = {
        policy::Charge{.table = table_, .scope_key = "g", .amount = amount, .max = max}};
    const std::int64_t now_ns = clock.WallNanoseconds();
    Reservation reservation;
    while (true) {
      const ReserveResult result = node->counters().TryReserve(charges, now_ns, state, reservation);
      if (result == ReserveResult::Granted) reservation.Settle(Settlement::Commit);
      if (result != ReserveResult::NeedsStore) return result;
      auto woken = std::make_shared<std::promise<void>>();
      node->counters().WhenReady(charges, [woken] { woken->set_value(); });
      woken->get_future().wait();
    }
  }
  // Until there is another answer than `result`, or for as long.
  ReserveResult ChargeWhile(ReserveResult result, std::int64_t max, int milliseconds_max) {
    ReserveResult got = Charge(max);
    for (int i = 0; i < milliseconds_max / 20 && got == result; ++i) {
      std::this_thread::sleep_for(milliseconds(20));
      got = Charge(max);
    }
    return got;
  }
  std::string troubles() {
    const std::scoped_lock guard(mutex_);
    return troubles_;
  }

  OffClock clock;
  std::unique_ptr<LeaseNode> node;
  std::array<ChargeState, 1> state;

 private:
  std::mutex mutex_;
  std::string troubles_;
  CounterTable* table_ = nullptr;
};

// The name of the one cell, as redis-cli takes it: `EVAL` finds it by its prefix.
std::string SetField(const RedisServer& server, const std::string& field,
                     const std::string& value) {
  return server.Ask(
      "EVAL \"local k = redis.call('KEYS', '{policyd}:c:*') for _, key in ipairs(k) do "
      "redis.call('HSET', key, '" +
      field + "', '" + value + "') end return #k\" 0");
}

TEST_CASE("replicas share a day of a time zone") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  for (const CounterWindow window :
       {CounterWindow::Day, CounterWindow::Week, CounterWindow::Month}) {
    Replica a(server, Counter(window), true);
    Replica b(server, Counter(window), false);
    int granted = 0;
    for (int i = 0; i < 6; ++i) {
      granted += a.Charge(9) == ReserveResult::Granted ? 1 : 0;
      granted += b.Charge(9) == ReserveResult::Granted ? 1 : 0;
    }
    CHECK(granted == 9);
    const auto unit = window == CounterWindow::Day    ? CalendarUnit::Day
                      : window == CounterWindow::Week ? CalendarUnit::Week
                                                      : CalendarUnit::Month;
    const Interval interval =
        CalendarInterval(unit, a.clock.WallNanoseconds(), *Zone::Find("America/New_York"));
    CHECK(b.state[0].window_end_ms == interval.end_ns / 1'000'000);
  }
}

TEST_CASE("limits of different max on one counter see what all have used") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  Replica wide(server, Counter(CounterWindow::Lifetime), true);
  Replica narrow(server, Counter(CounterWindow::Lifetime), false);
  for (int i = 0; i < 6; ++i) CHECK(wide.Charge(30) == ReserveResult::Granted);
  int of_narrow = 0;
  while (narrow.ChargeWhile(ReserveResult::StoreError, 10, 200) == ReserveResult::Granted) {
    ++of_narrow;
  }
  CHECK(of_narrow == 4);
  int of_wide = 6;
  while (wide.Charge(30) == ReserveResult::Granted) ++of_wide;
  CHECK(of_wide + of_narrow == 30);
  CHECK(narrow.Charge(10) == ReserveResult::Short);
  CHECK(narrow.ChargeWhile(ReserveResult::Short, 31, 300) == ReserveResult::Granted);
}

TEST_CASE("replicas whose clocks are apart charge the windows of the Redis") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  Replica ahead(server, Counter(CounterWindow::Seconds, 1), true);
  Replica behind(server, Counter(CounterWindow::Seconds, 1), false);
  ahead.clock.off_ns = 400'000'000;
  behind.clock.off_ns = -400'000'000;
  std::map<std::int64_t, int> used;
  const auto end = std::chrono::steady_clock::now() + milliseconds(4'000);
  while (std::chrono::steady_clock::now() < end) {
    for (Replica* replica : {&ahead, &behind}) {
      if (replica->Charge(20) == ReserveResult::Granted) ++used[*replica->state[0].window_end_ms];
    }
  }
  CHECK(used.size() >= 3);
  for (const auto& [window, count] : used) CHECK(count <= 20);
}

TEST_CASE("a clock that is minutes off is told, and what needs quota is denied") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  Replica replica(server, Counter(CounterWindow::Seconds, 3'600), true);
  CHECK(replica.Charge(1'000) == ReserveResult::Granted);
  replica.clock.off_ns = -70 * kSecond;
  CHECK(replica.Charge(1'000, 500) == ReserveResult::StoreError);
  CHECK_THAT(replica.troubles(), Catch::Contains("more than a minute apart"));
  replica.clock.off_ns = 0;
  CHECK(replica.ChargeWhile(ReserveResult::StoreError, 1'000, 2'000) == ReserveResult::Granted);
  OffClock off;
  off.off_ns = 70 * kSecond;
  const auto refused = LeaseNode::StartWithRedis(
      {.address = *ParseRedisAddress(server.url()), .password = {}, .ca_path = {}}, {}, off);
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error(), Catch::Contains("more than a minute apart"));
}

TEST_CASE("replicas that disagree about the end of a window are told") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  Replica replica(server, Counter(CounterWindow::Day), true);
  CHECK(replica.Charge(1'000) == ReserveResult::Granted);
  const Interval day = CalendarInterval(CalendarUnit::Day, replica.clock.WallNanoseconds(),
                                        *Zone::Find("America/New_York"));
  // As one with other rules for daylight saving time has bound it.
  CHECK(SetField(server, "finish", std::to_string(day.end_ns / kSecond + 3'600)) == "1\n");
  CHECK(replica.Charge(1'000, 500) == ReserveResult::StoreError);
  CHECK_THAT(replica.troubles(),
             Catch::Contains("replicas disagree where a window begins and ends"));
}

TEST_CASE("scripts that are gone are loaded again") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  Replica replica(server, Counter(CounterWindow::Lifetime), true);
  int granted = 0;
  for (int i = 0; i < 5; ++i) {
    while (granted < 20 * (i + 1) && replica.Charge(100) == ReserveResult::Granted) ++granted;
    CHECK(server.Ask("SCRIPT FLUSH SYNC") == "OK\n");
  }
  while (replica.Charge(100) == ReserveResult::Granted) ++granted;
  CHECK(granted == 100);
}

TEST_CASE("a lifetime that was lost is denied until an operator releases it") {
  const TemporaryDirectory directory;
  const RedisServer server({.directory = directory.path()});
  Replica replica(server, Counter(CounterWindow::Lifetime), true);
  for (int i = 0; i < 5; ++i) CHECK(replica.Charge(100) == ReserveResult::Granted);
  server.Ask("FLUSHALL");
  CHECK(replica.Charge(100, 90) == ReserveResult::StoreError);
  std::this_thread::sleep_for(milliseconds(1'500));  // it has noticed, and entered the new pool
  CHECK(replica.Charge(100, 90) == ReserveResult::StoreError);
  const auto release = [&] {
    std::promise<std::optional<bool>> done;
    replica.node->Release([&](std::optional<bool> had) { done.set_value(had); });
    return done.get_future().get();
  };
  CHECK(release() == true);
  CHECK(replica.ChargeWhile(ReserveResult::StoreError, 100, 2'000) == ReserveResult::Granted);
  CHECK(release() == false);
  // What the replica knows to have used stays used.
  int granted = 6;
  while (replica.Charge(100) == ReserveResult::Granted) ++granted;
  CHECK(granted <= 100);
  CHECK(granted >= 95);
}

}  // namespace
}  // namespace policy::transport
