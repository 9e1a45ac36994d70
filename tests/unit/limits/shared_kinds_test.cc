// Sliding counters, buckets and permits between several processes, real ones, on one state
// directory. The test forks before it has any thread.
//
// Each process writes down when it was admitted, by the clock that all of them share; afterwards
// the promise of the kind is looked at over all of it.
#include <signal.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/system_clock.h"
#include "runtime/transport/lease_node.h"
#include "tests/unit/limits/charge_record.h"
#include "tests/unit/limits/kind_identity.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

// Charges one unit after the other, as fast as it goes, until told to stop.
int ChargeAway(ChargeRecord& record, const std::string& path, const KindDemand& demand) {
  SystemClock clock;
  auto node = LeaseNode::Start({.state_directory = path}, clock);
  if (!node) return 2;
  return ChargeUntilStopped(record, (*node)->counters(), clock, demand);
}

class Processes {
 public:
  Processes(const KindDemand& demand, int count) : demand_(demand) {
    for (int i = 0; i < count; ++i) Add();
  }
  void Add() {
    children_.push_back(Fork([&] { return ChargeAway(*record_, directory_.path(), demand_); }));
  }
  void Replace(std::size_t which) {
    kill(children_[which], SIGKILL);
    Wait(children_[which]);
    children_[which] = Fork([&] { return ChargeAway(*record_, directory_.path(), demand_); });
  }
  void Stop() {
    record_->stop = true;
    for (const pid_t child : children_) CHECK(Wait(child) == 0);
  }
  ChargeRecord& record() { return *record_; }

 private:
  const KindDemand demand_;
  const TemporaryDirectory directory_;
  SharedRecord record_;
  std::vector<pid_t> children_;
};

TEST_CASE("three processes fill a sliding span, and never more") {
  for (const KindDemand& demand :
       {KindDemand{.kind = CounterKind::Sliding, .window_seconds = 1, .max = 200},
        KindDemand{.kind = CounterKind::Sliding, .window_seconds = 3, .max = 5}}) {
    Processes processes(demand, 3);
    std::this_thread::sleep_for(milliseconds(7'000));
    processes.Stop();
    CHECK(processes.record().store_errors == 0);
    CHECK(MostInAnySpan(processes.record(), demand.window_seconds) <= demand.max);
    // Six seconds and more that all of them saw.
    const std::int64_t spans = 6 / demand.window_seconds;
    CHECK(processes.record().count() >= spans * demand.max * 9 / 10);
  }
}

TEST_CASE("three processes drain a bucket as one would") {
  for (const KindDemand& demand :
       {KindDemand{.kind = CounterKind::Bucket, .window_seconds = 1, .max = 100, .burst = 40},
        KindDemand{.kind = CounterKind::Bucket, .window_seconds = 1, .max = 5, .burst = 1}}) {
    Processes processes(demand, 3);
    std::this_thread::sleep_for(milliseconds(6'000));
    processes.Stop();
    CHECK(processes.record().store_errors == 0);
    CHECK(HighestLevel(processes.record(), demand) <= demand.burst);
    CHECK(processes.record().count() >= 5 * demand.max * 8 / 10);
  }
}

TEST_CASE("three processes share permits") {
  const KindDemand demand{.kind = CounterKind::Concurrency, .max = 2, .hold_us = 2'000};
  Processes processes(demand, 3);
  std::this_thread::sleep_for(milliseconds(3'000));
  processes.Stop();
  CHECK(processes.record().store_errors == 0);
  CHECK(processes.record().most_at_once <= demand.max);
  CHECK(processes.record().most_at_once == demand.max);
  CHECK(processes.record().count() > 500);
}

TEST_CASE("processes that are killed, the leader too, do not loosen a sliding span or a bucket") {
  for (const KindDemand& demand :
       {KindDemand{.kind = CounterKind::Sliding, .window_seconds = 2, .max = 3'000, .hold_us = 100},
        KindDemand{.kind = CounterKind::Bucket,
                   .window_seconds = 1,
                   .max = 2'000,
                   .burst = 500,
                   .hold_us = 100}}) {
    Processes processes(demand, 3);
    const int kills = IsFullTest() ? 250 : 25;
    for (int i = 0; i < kills; ++i) {
      std::this_thread::sleep_for(milliseconds(20 + i * 37 % 90));
      processes.Replace(static_cast<std::size_t>(i % 3));
    }
    processes.Stop();
    CHECK(processes.record().count() > 0);
    if (demand.kind == CounterKind::Sliding) {
      CHECK(MostInAnySpan(processes.record(), demand.window_seconds) <= demand.max);
    } else {
      CHECK(HighestLevel(processes.record(), demand) <= demand.burst);
    }
  }
}

// A killed process may have left calls under way, so its permits stay taken.
TEST_CASE("the permits of killed processes stay taken, and those of others go on") {
  const KindDemand demand{.kind = CounterKind::Concurrency, .max = 20, .hold_us = 50'000};
  Processes processes(demand, 2);
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(milliseconds(200));
    processes.Replace(static_cast<std::size_t>(i % 2));
  }
  const std::int64_t before = processes.record().count();
  std::this_thread::sleep_for(milliseconds(1'000));
  processes.Stop();
  CHECK(processes.record().count() > before);
  CHECK(processes.record().most_at_once <= demand.max);
}

}  // namespace
}  // namespace policy::transport
