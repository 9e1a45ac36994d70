// Counters that the processes of one user share: cells as in memory, whose quota is leased from a
// pool.
//
// A call is decided on what this process has leased, without asking anybody. Only when that does
// not do, TryReserve answers NeedsStore; WhenReady then has the pool asked, and the call tries
// again. The process that keeps the pool leases from it like the others. Counters of a single
// session are nobody else's and stay in memory.
//
// Two sides: the Counters interface, for any thread, and the holder's side below, for the one
// thread that talks to the pool (runtime/transport/lease_node.h).
#ifndef RUNTIME_LIMITS_STORE_SHARED_COUNTERS_H_
#define RUNTIME_LIMITS_STORE_SHARED_COUNTERS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "policy/counters.h"
#include "runtime/limits/cell_engine.h"
#include "runtime/limits/clock.h"
#include "runtime/limits/store/lease_message.h"

namespace policy {

// An instant by both clocks of the process: after either, what is leased may be used no longer.
struct LeaseEnd {
  std::int64_t wall_ns = kUnlimited;
  std::int64_t steady_ns = kUnlimited;
};

class SharedCounters final : public Counters {
 public:
  static constexpr std::size_t kAsksInFlightMax = 1u << 16;
  // How long a refusal of the pool stands before it is asked again.
  static constexpr std::int64_t kRefusalNanoseconds = 100'000'000;
  // How long a question may go unanswered before its calls are told that the store failed.
  static constexpr std::int64_t kAskTimeoutNanoseconds = 1'000'000'000;

  // `clock` outlives the counters.
  explicit SharedCounters(Clock& clock, const CounterLimits& limits = {});
  ~SharedCounters() override;

  // A permit that was free for so long is given back.
  static constexpr std::int64_t kIdlePermitNanoseconds = 1'000'000'000;

  // A counter that is not of one session, and whose name is beyond kIdentityBytesMax, is refused:
  // null.
  CounterTable* Open(const CounterIdentity& identity) override;
  void Close(CounterTable* table) override;
  ReserveResult TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                           std::span<ChargeState> states, Reservation& reservation) override;
  ReserveResult Peek(std::span<const Charge> charges, std::int64_t now_ns,
                     std::span<ChargeState> states) override;
  void WhenReady(std::span<const Charge> charges, std::function<void()> wake) override;

  // For operators: what stands in the cells.
  CellEngine& engine() { return engine_; }

  // The holder's side.

  // `on_demand` is called from any thread when TakeAsks has something to give. Set it before calls
  // come.
  void set_on_demand(std::function<void()> on_demand) { on_demand_ = std::move(on_demand); }

  // From now on grants come with an end. Set it before calls come.
  void set_leases_end() { leases_end_ = true; }
  std::uint32_t permit_seconds() const { return permit_seconds_; }

  // Whether the pool can be asked at all. Since it cannot, charges with `local_share` get a share
  // of this process's own in each window that begins: max by the number of processes that leased.
  void set_has_store(bool has_store);

  // What the pool is to be asked now; each is given once.
  std::vector<AskMessage> TakeAsks();
  // `end`: where the lease ends with its window; where it has a life, that counts from before the
  // question was taken, or from `sent`.
  void Receive(const GrantMessage& grant, const LeaseEnd& end = {},
               const std::optional<LeaseEnd>& sent = {});
  ReturnMessage Receive(const RecallMessage& recall);
  void Receive(const SetMessage& set);

  // After a change of leader: what is leased, and all open questions are to be asked anew.
  std::vector<HoldMessage> Holdings();
  void AskAnew();

  // Permits that were free for kIdlePermitNanoseconds; no longer of this holder.
  std::vector<ReturnMessage> TakeIdlePermits();

  // Gives up all room: at the end, or before a pool that knows nothing of it.
  std::vector<ReturnMessage> GiveUpRoom();

  // Tells the calls that wait since `before_ns` of the monotonic clock or earlier that the store
  // failed. Returns whether some still wait.
  bool FailAsks(std::int64_t before_ns);

 private:
  // One call that waits for several answers.
  struct Waiter {
    std::function<void()> wake;
    std::size_t answers_missing = 0;  // under mutex_
  };
  struct DemandKey {
    CellName cell;
    std::int64_t max = 0;
    std::int64_t burst = 0;
    friend bool operator==(const DemandKey&, const DemandKey&) = default;
  };
  struct DemandKeyHash {
    std::size_t operator()(const DemandKey& key) const {
      return CellNameHash()(key.cell) + static_cast<std::size_t>(key.max);
    }
  };
  struct Demand {
    std::int64_t amount = 0;        // the largest of the calls'
    std::int64_t total = 0;         // of all of them
    bool local_share = false;       // one of them may use a local share
    std::uint64_t request_id = 0;   // 0: not asked yet
    std::int64_t asked_amount = 0;  // with that request
    std::int64_t since_ns = 0;      // monotonic, when the first call came
    std::vector<std::shared_ptr<Waiter>> waiters;
  };
  struct Question {
    DemandKey key;
    LeaseEnd taken;         // when, by both clocks
    bool reserves = false;  // what is granted beyond the shortage is for when the store fails
    std::int64_t shortage = 0;
  };
  using Demands = std::unordered_map<DemandKey, Demand, DemandKeyHash>;
  using Wakes = std::vector<std::function<void()>>;

  bool PrepareAsk(const DemandKey& key, Demand& demand, AskMessage& ask, Question& question);
  void Apply(const DemandKey& key, const GrantMessage& grant, const LeaseEnd& end,
             std::int64_t reserve);
  std::int64_t SteadyNow() {
    return leases_end_.load(std::memory_order_relaxed) ? clock_.MonotonicNanoseconds() : 0;
  }
  LeaseEnd Now() { return {.wall_ns = clock_.WallNanoseconds(), .steady_ns = SteadyNow()}; }
  void TakeOwnShare(CounterCell& cell, const DemandKey& key, std::int64_t now_s);
  void EndFlowLease(CounterCell& cell, ReturnMessage& returned);
  void Answer(Demands::iterator demand, Wakes& wakes);

  Clock& clock_;
  CellEngine engine_;
  std::function<void()> on_demand_;
  const std::uint32_t permit_seconds_;
  std::atomic<bool> leases_end_{false};
  std::mutex mutex_;  // over the rest; taken before the engine's
  std::uint64_t next_request_id_ = 1;
  std::int64_t sharers_ = 0;                 // as the pool last said
  std::int64_t store_lost_ns_ = kUnlimited;  // wall clock; kUnlimited: it is there
  Demands demands_;
  std::unordered_map<std::uint64_t, Question> asked_;  // open questions, by request id
  // Their cells. INVARIANT: a cell has one open question at most, also when nobody waits for the
  // answer any more: two grants under way at once could lower room_max below what the pool thinks.
  std::unordered_set<CellName, CellNameHash> asking_;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_SHARED_COUNTERS_H_
