// The pool and several holders in one thread, with messages delivered in random order, deaths of
// holders and leaders, moving windows and limits of different max on one cell.
//
// The property: whatever happens, at the moment a call is admitted under a max, what its kind of
// counter promises of that max holds for everybody together, the dead included; and where nobody
// died, demand is served to the last unit.
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

// One kind of counter, and how fast time goes beside the messages.
struct Kind {
  CounterKind kind = CounterKind::Fixed;
  std::uint32_t window_seconds = 60;
  std::int64_t tick_ns = kSecond / 50;
};

constexpr std::array kKinds = {
    Kind{.kind = CounterKind::Fixed},
    Kind{.kind = CounterKind::Sliding, .window_seconds = 60},
    Kind{.kind = CounterKind::Sliding, .window_seconds = 1, .tick_ns = kSecond / 500},
    Kind{.kind = CounterKind::Bucket, .window_seconds = 20},
    Kind{.kind = CounterKind::Bucket, .window_seconds = 1, .tick_ns = kSecond / 2'000},
    Kind{.kind = CounterKind::Concurrency, .window_seconds = 0},
};
constexpr std::uint32_t kPermitSeconds = 200;
constexpr std::int64_t kRate = 50;  // of buckets

CounterIdentity IdentityOf(const Kind& kind) {
  const bool is_concurrency = kind.kind == CounterKind::Concurrency;
  return {.attachment = "default/local",
          .name = "sends",
          .window = is_concurrency ? CounterWindow::Lifetime : CounterWindow::Seconds,
          .window_seconds = kind.window_seconds,
          .zone = "",
          .scale = 0,
          .scope = "grant",
          .kind = kind.kind};
}

// Everything that was ever charged to one cell of a kind other than Fixed, in order.
class Charges {
 public:
  explicit Charges(const Kind& kind) : kind_(kind) {}

  std::size_t Add(std::int64_t at_ns, std::int64_t amount) {
    entries_.push_back({.at_ns = at_ns, .kept = amount});
    return entries_.size() - 1;
  }
  void GiveBack(std::size_t entry) { entries_[entry].kept = 0; }
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.kept;
    return sum;
  }

  // What counts at `now_ns`, by the promise of the kind.
  std::int64_t Used(std::int64_t now_ns) const {
    const bool is_concurrency = kind_.kind == CounterKind::Concurrency;
    const std::int64_t span_ns = (is_concurrency ? kPermitSeconds : kind_.window_seconds) * kSecond;
    if (kind_.kind == CounterKind::Bucket) return Level(now_ns, span_ns);
    std::int64_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.at_ns > now_ns - span_ns ? entry.kept : 0;
    return sum;
  }

 private:
  struct Entry {
    std::int64_t at_ns = 0;
    std::int64_t kept = 0;
  };

  std::int64_t Level(std::int64_t now_ns, std::int64_t span_ns) const {
    __extension__ using Wide128 = __int128;
    Wide128 level = 0;
    std::int64_t at_ns = 0;
    const auto drain_to = [&](std::int64_t instant_ns) {
      level = std::max<Wide128>(0, level - Wide128{kRate} * (instant_ns - at_ns));
      at_ns = instant_ns;
    };
    for (const Entry& entry : entries_) {
      drain_to(entry.at_ns);
      level += Wide128{entry.kept} * span_ns;
    }
    drain_to(now_ns);
    return static_cast<std::int64_t>((level + span_ns - 1) / span_ns);
  }

  Kind kind_;
  std::vector<Entry> entries_;
};

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
  std::size_t entry = 0;  // of Charges
  std::int64_t amount = 0;
  bool refund_on_error = false;
};

class World final : LeasePool::Outbox {
 public:
  explicit World(std::uint32_t seed, const Kind& kind = kKinds[0]) : kind_(kind), random_(seed) {
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
        clock.Advance(Pick(12) == 0 ? 25 * kSecond : kind_.tick_ns);
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
    const std::int64_t before = kind_.kind == CounterKind::Fixed ? 0 : ChargesOf(key).total();
    std::int64_t refused_in_a_row = 0;
    const bool has_end = kind_.kind == CounterKind::Fixed || kind_.window_seconds == 0;
    while (refused_in_a_row < 3 * kProcesses) {
      // A flow always has room again.
      if (!has_end && ChargesOf(key).total() - before == max) break;
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
    const bool has_windows = kind_.kind == CounterKind::Fixed;
    const std::int64_t admitted = has_windows ? 0 : ChargesOf(key).total() - before;
    for (const Process& process : processes_) CommitAll(process, Calls::Ended);
    if (!has_windows) return admitted;
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
    auto pool = LeasePool::Open(*state_, clock, *this, kPermitSeconds);
    REQUIRE(pool.has_value());
    pool_ = std::move(*pool);
  }

  void StartProcess(Process& process) {
    process = {};
    process.id = next_id_++;
    process.counters =
        std::make_unique<SharedCounters>(clock, CounterLimits{.permit_seconds = kPermitSeconds});
    process.table = process.counters->Open(IdentityOf(kind_));
    REQUIRE(process.table != nullptr);
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
                    .max = kind_.kind == CounterKind::Bucket ? kRate : max,
                    .refund_on_error = Pick(2) == 0,
                    .burst = kind_.kind == CounterKind::Bucket ? max : 0};
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
      taken.amount = call->charge.amount;
      taken.refund_on_error = call->charge.refund_on_error;
      if (kind_.kind == CounterKind::Fixed) {
        taken.window_end_ms = *state[0].window_end_ms;
        std::int64_t& used = used_[{taken.key, taken.window_end_ms}];
        used += taken.amount;
        REQUIRE(used <= call->charge.max);
      } else {
        // A permit runs out by the clock that the call came with.
        const bool is_concurrency = kind_.kind == CounterKind::Concurrency;
        Charges& charges = ChargesOf(taken.key);
        taken.entry =
            charges.Add(is_concurrency ? call->now_ns : clock.wall_ns.load(), taken.amount);
        const bool is_bucket = kind_.kind == CounterKind::Bucket;
        REQUIRE(charges.Used(clock.wall_ns) <= (is_bucket ? call->charge.burst : call->charge.max));
      }
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
    if (kind_.kind == CounterKind::Concurrency ||
        (is_refunded && kind_.kind != CounterKind::Fixed)) {
      ChargesOf(taken.key).GiveBack(taken.entry);
    } else if (is_refunded) {
      used_[{taken.key, taken.window_end_ms}] -= taken.amount;
    }
    taken.reservation.Settle(settlement);
  }

  // Also for a process that dies: its calls may have reached their servers.
  Charges& ChargesOf(const std::string& key) {
    return charges_.try_emplace(key, kind_).first->second;
  }

  enum class Calls { Ended, GoOn };
  void CommitAll(const Process& process, Calls calls) {
    const auto index = static_cast<std::size_t>(&process - processes_.data());
    std::erase_if(taken_, [&](Taken& taken) {
      if (taken.process != index) return false;
      if (kind_.kind == CounterKind::Concurrency && calls == Calls::Ended) {
        ChargesOf(taken.key).GiveBack(taken.entry);
      }
      taken.reservation.Settle(Settlement::Commit);
      return true;
    });
  }

  void KillProcess(Process& process) {
    CommitAll(process, Calls::GoOn);
    pool_->Leave(process.id);
    StartProcess(process);
  }

  void EndProcess(Process& process) {
    CommitAll(process, Calls::Ended);
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
  const Kind kind_;
  std::map<std::string, Charges> charges_;
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
  const std::size_t which = GENERATE(range(std::size_t{0}, kKinds.size()));
  CAPTURE(which);
  const std::uint32_t seeds = which == 0 ? 150 : 60;
  for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    World world(seed, kKinds[which]);
    world.is_mixed = seed % 2 == 0;
    for (int step = 0; step < 3000; ++step) {
      world.Step();
      if (world.Pick(60) == 0) world.StepDisaster();
    }
    granted += world.granted;
    refused += world.refused;
  }
  CHECK(granted > 4'000);
  CHECK(refused > 500);
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

TEST_CASE(
    "where nobody dies, a sliding span, a bucket and permits are given out to the last unit") {
  for (std::size_t which = 1; which < kKinds.size(); ++which) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
      CAPTURE(which, seed);
      World world(seed, kKinds[which]);
      for (int step = 0; step < 800; ++step) world.Step();
      world.Quiesce();
      for (const std::int64_t max : {50, 30}) {
        // Longer than anything counts, but the refusals while everything is asked for are not.
        world.clock.Advance(kPermitSeconds * kSecond);
        const std::int64_t begin_ns = world.clock.wall_ns;
        const std::int64_t admitted = world.Exhaust("a", max);
        CHECK(admitted == max);
        // Within a second, where so much came back meanwhile at most.
        const bool is_at_once = world.clock.wall_ns - begin_ns <= kSecond;
        CHECK((is_at_once || kKinds[which].window_seconds <= 1));
      }
    }
  }
}

}  // namespace
}  // namespace policy
