// The pool and several holders in one thread, with messages delivered in random order, deaths of
// holders and leaders, moving windows and limits of different max on one cell.
//
// The property: whatever happens, at the moment a call is admitted under a max, no more than that
// max is used in its window by everybody, the dead included; and where nobody died, demand is
// served to the last unit.
#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/limits/store/lease_pool.h"
#include "runtime/limits/store/shared_counters.h"
#include "tests/unit/limits/hand_clock.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy {
namespace {

CounterIdentity PerMinute() {
  return {.attachment = "default/local",
          .name = "sends",
          .window = CounterWindow::Seconds,
          .window_seconds = 60,
          .zone = "",
          .scale = 0,
          .scope = "grant"};
}

struct Call {
  Charge charge;
  std::int64_t now_ns = 0;
  bool is_woken = false;
};

struct Process {
  LeasePool::HolderId id = 0;
  std::unique_ptr<SharedCounters> counters;
  CounterTable* table = nullptr;
  std::deque<LeaseMessage> to_leader;
  std::deque<LeaseMessage> from_leader;
  std::vector<std::shared_ptr<Call>> parked;
};

struct Taken {
  std::size_t process = 0;
  Reservation reservation;
  std::string key;
  std::int64_t window_end_ms = 0;
  std::int64_t amount = 0;
  bool refund_on_error = false;
};

class World final : LeasePool::Outbox {
 public:
  explicit World(std::uint32_t seed) : random_(seed) {
    auto directory = StateDirectory::Open(directory_.path());
    REQUIRE(directory.has_value());
    state_ = std::make_unique<StateDirectory>(std::move(*directory));
    OpenPool();
    for (Process& process : processes_) StartProcess(process);
  }

  int Pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }

  void Step() {
    Process& process = processes_[static_cast<std::size_t>(Pick(kProcesses))];
    switch (Pick(12)) {
      case 0:
      case 1:
      case 2:
        Begin(process);
        break;
      case 3:
        if (!taken_.empty()) SettleOne();
        break;
      case 4:
        for (AskMessage& ask : process.counters->TakeAsks()) process.to_leader.push_back(ask);
        break;
      case 5:
        clock.Advance(Pick(12) == 0 ? 25 * kSecond : kSecond / 50);
        break;
      case 6:
        RetryWoken(process);
        break;
      default:
        Deliver(process);
        break;
    }
  }

  void StepDisaster() {
    Process& process = processes_[static_cast<std::size_t>(Pick(kProcesses))];
    switch (Pick(4)) {
      case 0:
        KillProcess(process);
        break;
      case 1:
        KillLeader();
        break;
      case 2:
        EndProcess(process);
        break;
      default:
        clock.Advance(LeasePool::kRecallTimeoutNanoseconds);
        pool_->Expire();
        break;
    }
  }

  // Everybody asks for one unit after the other until nobody gets any; then the window is full.
  std::int64_t Exhaust(const std::string& key, std::int64_t max) {
    while (!taken_.empty()) SettleOne();
    std::int64_t refused_in_a_row = 0;
    while (refused_in_a_row < 3 * kProcesses) {
      Process& process = processes_[static_cast<std::size_t>(Pick(kProcesses))];
      const auto call = MakeCall(process, key, 1, max);
      ReserveResult result = Try(process, call);
      while (result == ReserveResult::NeedsStore) {
        Quiesce();
        REQUIRE(call->is_woken);
        call->is_woken = false;
        result = Try(process, call);
      }
      REQUIRE((result == ReserveResult::Granted || result == ReserveResult::Short));
      refused_in_a_row = result == ReserveResult::Granted ? 0 : refused_in_a_row + 1;
      if (result == ReserveResult::Short) clock.Advance(SharedCounters::kRefusalNanoseconds);
    }
    for (const Process& process : processes_) CommitAll(process);
    const std::int64_t end_ms = FloorDivide(clock.wall_ns, 60 * kSecond) * 60'000 + 60'000;
    return used_[{key, end_ms}];
  }

  // Delivers everything that is on its way, and what follows from it.
  void Quiesce() {
    bool is_quiet = false;
    while (!is_quiet) {
      is_quiet = true;
      for (Process& process : processes_) {
        for (AskMessage& ask : process.counters->TakeAsks()) process.to_leader.push_back(ask);
        while (!process.to_leader.empty() || !process.from_leader.empty()) {
          Deliver(process);
          is_quiet = false;
        }
      }
    }
  }

  HandClock clock;
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> used_;  // by key and window end
  int granted = 0;
  int refused = 0;

 private:
  static constexpr int kProcesses = 4;

  void OpenPool() {
    auto pool = LeasePool::Open(*state_, clock, *this);
    REQUIRE(pool.has_value());
    pool_ = std::move(*pool);
  }

  void StartProcess(Process& process) {
    process = {};
    process.id = next_id_++;
    process.counters = std::make_unique<SharedCounters>(clock);
    process.table = process.counters->Open(PerMinute());
    pool_->Join(process.id);
  }

  void Send(LeasePool::HolderId holder, const LeaseMessage& message) override {
    const auto frame = EncodeLeaseFrame(message);
    std::string_view bytes = frame;
    const auto payload = TakeLeaseFrame(bytes);
    for (Process& process : processes_) {
      if (process.id == holder) process.from_leader.push_back(*DecodeLeasePayload(**payload));
    }
  }

  void Deliver(Process& process) {
    if (!process.to_leader.empty() && (process.from_leader.empty() || Pick(2) == 0)) {
      const LeaseMessage message = process.to_leader.front();
      process.to_leader.pop_front();
      REQUIRE(pool_->Receive(process.id, message));
    } else if (!process.from_leader.empty()) {
      DeliverToHolder(process);
    }
  }

  static void DeliverToHolder(Process& process) {
    const LeaseMessage message = process.from_leader.front();
    process.from_leader.pop_front();
    if (const auto* grant = std::get_if<GrantMessage>(&message)) {
      process.counters->Receive(*grant);
    } else {
      process.to_leader.push_back(process.counters->Receive(std::get<RecallMessage>(message)));
    }
  }

  std::shared_ptr<Call> MakeCall(Process& process, const std::string& key, std::int64_t amount,
                                 std::int64_t max) {
    const auto call = std::make_shared<Call>();
    const std::string& kept = *keys_.insert(key).first;
    call->charge = {.table = process.table,
                    .scope_key = kept,
                    .amount = amount,
                    .max = max,
                    .refund_on_error = Pick(2) == 0};
    call->now_ns = clock.wall_ns;
    return call;
  }

  void Begin(Process& process) {
    const std::int64_t max = std::array<std::int64_t, 4>{
        50, 50, 30, 70}[static_cast<std::size_t>(Pick(is_mixed ? 4 : 2))];
    const auto call = MakeCall(process, Pick(2) == 0 ? "a" : "b", 1 + Pick(4), max);
    Try(process, call);
  }

  ReserveResult Try(Process& process, const std::shared_ptr<Call>& call) {
    std::array<ChargeState, 1> state;
    Taken taken;
    const ReserveResult result =
        process.counters->TryReserve({&call->charge, 1}, call->now_ns, state, taken.reservation);
    if (result == ReserveResult::NeedsStore) {
      process.counters->WhenReady({&call->charge, 1}, [call] { call->is_woken = true; });
      process.parked.push_back(call);
    } else if (result == ReserveResult::Granted) {
      ++granted;
      taken.process = static_cast<std::size_t>(&process - processes_.data());
      taken.key = call->charge.scope_key;
      taken.window_end_ms = *state[0].window_end_ms;
      taken.amount = call->charge.amount;
      taken.refund_on_error = call->charge.refund_on_error;
      std::int64_t& used = used_[{taken.key, taken.window_end_ms}];
      used += taken.amount;
      REQUIRE(used <= call->charge.max);
      taken_.push_back(std::move(taken));
    } else if (result == ReserveResult::Short) {
      ++refused;
    }
    return result;
  }

  void RetryWoken(Process& process) {
    std::vector<std::shared_ptr<Call>> parked;
    parked.swap(process.parked);
    for (const auto& call : parked) {
      if (!call->is_woken) {
        process.parked.push_back(call);
        continue;
      }
      call->is_woken = false;
      Try(process, call);
    }
  }

  void SettleOne() {
    const auto index = static_cast<std::size_t>(Pick(static_cast<int>(taken_.size())));
    std::swap(taken_[index], taken_.back());
    Taken taken = std::move(taken_.back());
    taken_.pop_back();
    const auto settlement = std::array{Settlement::Commit, Settlement::CommitError,
                                       Settlement::Void}[static_cast<std::size_t>(Pick(3))];
    const bool is_refunded = settlement == Settlement::Void ||
                             (settlement == Settlement::CommitError && taken.refund_on_error);
    if (is_refunded) used_[{taken.key, taken.window_end_ms}] -= taken.amount;
    taken.reservation.Settle(settlement);
  }

  // Also for a process that dies: its calls may have reached their servers.
  void CommitAll(const Process& process) {
    const auto index = static_cast<std::size_t>(&process - processes_.data());
    std::erase_if(taken_, [index](Taken& taken) {
      if (taken.process != index) return false;
      taken.reservation.Settle(Settlement::Commit);
      return true;
    });
  }

  void KillProcess(Process& process) {
    CommitAll(process);
    pool_->Leave(process.id);
    StartProcess(process);
  }

  void EndProcess(Process& process) {
    CommitAll(process);
    while (!process.to_leader.empty()) {
      REQUIRE(pool_->Receive(process.id, process.to_leader.front()));
      process.to_leader.pop_front();
    }
    // What the leader said meanwhile is not read any more.
    for (const ReturnMessage& returned : process.counters->GiveUpRoom()) {
      REQUIRE(pool_->Receive(process.id, returned));
    }
    REQUIRE(pool_->Receive(process.id, GoodbyeMessage{}));
    pool_->Leave(process.id);
    StartProcess(process);
  }

  void KillLeader() {
    pool_.reset();
    OpenPool();
    for (Process& process : processes_) {
      process.to_leader.clear();
      // What was sent before the death is read first.
      while (!process.from_leader.empty()) DeliverToHolder(process);
      process.to_leader.clear();
      process.id = next_id_++;
      pool_->Join(process.id);
      for (const HoldMessage& hold : process.counters->Holdings()) {
        process.to_leader.push_back(hold);
      }
      process.counters->AskAnew();
    }
  }

 public:
  bool is_mixed = false;

 private:
  std::mt19937 random_;
  TemporaryDirectory directory_;
  std::unique_ptr<StateDirectory> state_;
  std::unique_ptr<LeasePool> pool_;
  LeasePool::HolderId next_id_ = 1;
  std::array<Process, kProcesses> processes_;
  std::set<std::string> keys_;
  std::vector<Taken> taken_;
};

TEST_CASE("holders never admit more than max together, whatever dies") {
  int granted = 0;
  int refused = 0;
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    World world(seed);
    world.is_mixed = seed % 2 == 0;
    for (int step = 0; step < 3000; ++step) {
      world.Step();
      if (world.Pick(60) == 0) world.StepDisaster();
    }
    granted += world.granted;
    refused += world.refused;
  }
  CHECK(granted > 10'000);
  CHECK(refused > 1'000);
}

TEST_CASE("where nobody dies, demand is served to the last unit") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    World world(seed);
    world.is_mixed = seed % 2 == 0;
    for (int step = 0; step < 800; ++step) world.Step();
    world.Quiesce();
    world.clock.Advance(60 * kSecond - world.clock.wall_ns % (60 * kSecond));
    CHECK(world.Exhaust("a", 30) == 30);
    CHECK(world.Exhaust("a", 50) == 50);
    CHECK(world.Exhaust("a", 40) == 50);
    CHECK(world.Exhaust("b", 70) == 70);
  }
}

}  // namespace
}  // namespace policy
