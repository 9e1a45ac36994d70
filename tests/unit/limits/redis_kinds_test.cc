// Sliding counters, buckets and permits that replicas, real processes, share through a real Redis.
// The test forks before it has any thread.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "runtime/limits/system_clock.h"
#include "runtime/transport/lease_node.h"
#include "tests/unit/limits/charge_record.h"
#include "tests/unit/limits/kind_identity.h"
#include "tests/unit/limits/redis_server.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

int ChargeAway(ChargeRecord& record, const std::string& url, bool makes_pool,
               const KindDemand& demand) {
  SystemClock clock;
  auto node = LeaseNode::StartWithRedis(
      {.address = *ParseRedisAddress(url), .password = {}, .ca_path = {}, .makes_pool = makes_pool},
      {}, clock);
  if (!node) {
    std::cerr << node.error() << '\n';
    return 2;
  }
  return ChargeUntilStopped(record, (*node)->counters(), clock, demand);
}

class Replicas {
 public:
  Replicas(const KindDemand& demand, int count, bool has_file = true)
      : demand_(demand), server_({.directory = directory_.path(), .has_file = has_file}) {
    children_.push_back(Start(/*makes_pool=*/true));
    for (int i = 1; i < count; ++i) children_.push_back(Start(/*makes_pool=*/false));
  }
  void Replace(std::size_t which) {
    kill(children_[which], SIGKILL);
    Wait(children_[which]);
    children_[which] = Start(/*makes_pool=*/false);
  }
  void Stop() {
    record_->stop = true;
    for (const pid_t child : children_) CHECK(Wait(child) == 0);
  }
  ChargeRecord& record() { return *record_; }
  RedisServer& server() { return server_; }

  // What the kind promises, of what was admitted.
  void CheckNoneOver() {
    switch (demand_.kind) {
      case CounterKind::Sliding:
        CHECK(MostInAnySpan(*record_, demand_.window_seconds) <= demand_.max);
        break;
      case CounterKind::Bucket:
        CHECK(HighestLevel(*record_, demand_) <= demand_.burst);
        break;
      default:
        CHECK(record_->most_at_once <= demand_.max);
        break;
    }
  }

 private:
  pid_t Start(bool makes_pool) {
    const int wanted = record_->ready + 1;
    const pid_t pid =
        Fork([&] { return ChargeAway(*record_, server_.url(), makes_pool, demand_); });
    for (int i = 0; i < 5'000 && record_->ready < wanted; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    REQUIRE(record_->ready >= wanted);
    return pid;
  }

  const KindDemand demand_;
  const TemporaryDirectory directory_;
  RedisServer server_;
  SharedRecord record_;
  std::vector<pid_t> children_;
};

const KindDemand kSliding{
    .kind = CounterKind::Sliding, .window_seconds = 2, .max = 600, .hold_us = 100};
const KindDemand kBucket{
    .kind = CounterKind::Bucket, .window_seconds = 1, .max = 400, .burst = 100, .hold_us = 100};
const KindDemand kPermits{.kind = CounterKind::Concurrency, .max = 2, .hold_us = 2'000};

TEST_CASE("replicas use a sliding span, a bucket and permits up, and never more") {
  const KindDemand demand = GENERATE(kSliding, kBucket, kPermits);
  CAPTURE(static_cast<int>(demand.kind));
  Replicas replicas(demand, 3);
  std::this_thread::sleep_for(milliseconds(6'200));
  replicas.Stop();
  CHECK(replicas.record().store_errors == 0);
  replicas.CheckNoneOver();
  if (demand.kind == CounterKind::Concurrency) {
    CHECK(replicas.record().most_at_once == demand.max);
    CHECK(replicas.record().count() > 300);
  } else {
    const std::int64_t spans = 6 / demand.window_seconds;
    CHECK(replicas.record().count() >= spans * demand.max * 8 / 10);
  }
}

TEST_CASE("replicas that are killed do not loosen a sliding span, a bucket or permits") {
  KindDemand demand = GENERATE(kSliding, kBucket, kPermits);
  CAPTURE(static_cast<int>(demand.kind));
  if (demand.kind == CounterKind::Concurrency) demand.max = 60;  // killed ones keep theirs
  Replicas replicas(demand, 3);
  const int kills = IsFullTest() ? 330 : 17;
  for (int i = 0; i < kills; ++i) {
    std::this_thread::sleep_for(milliseconds(10 + i * 41 % 110));
    replicas.Replace(static_cast<std::size_t>(i % 3));
  }
  replicas.Stop();
  CHECK(replicas.record().count() > 0);
  replicas.CheckNoneOver();
}

TEST_CASE("a Redis that starts anew, with its file or without, loosens none of them") {
  const KindDemand demand = GENERATE(kSliding, kBucket, kPermits);
  const bool has_file = GENERATE(true, false);
  CAPTURE(static_cast<int>(demand.kind), has_file);
  Replicas replicas(demand, 2, has_file);
  for (int i = 0; i < 2; ++i) {
    std::this_thread::sleep_for(milliseconds(700));
    replicas.server().Kill();
    replicas.server().Start();
  }
  const std::int64_t before = replicas.record().count();
  std::this_thread::sleep_for(milliseconds(5'000));
  replicas.Stop();
  replicas.CheckNoneOver();
  // A pool that forgot its permits leases none; those that are in use go on being used.
  CHECK(replicas.record().count() > before + 50);
}

// In the window in which it is lost each replica has what it leased at the beginning, and in those
// that begin meanwhile a part of its own: together never more than max, and not nothing.
TEST_CASE("replicas go on with a local share while the Redis is gone") {
  const KindDemand demand{
      .kind = CounterKind::Fixed, .window_seconds = 2, .max = 400, .local_share = true};
  Replicas replicas(demand, 2);
  std::this_thread::sleep_for(milliseconds(4'300));
  CHECK(replicas.record().store_errors == 0);
  replicas.server().Kill();
  std::this_thread::sleep_for(milliseconds(2'000));
  const std::int64_t before = replicas.record().count();
  std::this_thread::sleep_for(milliseconds(6'000));
  CHECK(replicas.record().count() - before >= 2 * demand.max);
  replicas.server().Start();
  std::this_thread::sleep_for(milliseconds(1'000));
  const std::int64_t after = replicas.record().count();
  std::this_thread::sleep_for(milliseconds(4'500));
  CHECK(replicas.record().count() - after >= demand.max);
  replicas.Stop();
  CHECK(MostInAWindow(replicas.record()) == demand.max);
}

TEST_CASE("a limit that denies while its store is silent has no local share") {
  const KindDemand demand{.kind = CounterKind::Fixed, .window_seconds = 1, .max = 400};
  Replicas replicas(demand, 2);
  std::this_thread::sleep_for(milliseconds(1'300));
  replicas.server().Kill();
  std::this_thread::sleep_for(milliseconds(1'500));
  const std::int64_t before = replicas.record().count();
  std::this_thread::sleep_for(milliseconds(2'500));
  CHECK(replicas.record().count() == before);
  replicas.Stop();
  CHECK(MostInAWindow(replicas.record()) <= demand.max);
}

}  // namespace
}  // namespace policy::transport
