// The leader's ledger: how much of every window is leased, to whom, and who waits for some.
//
// INVARIANT: the sum of all leases of a window, dead holders' included, is `issued`, and no more is
// ever issued than the max of the call that asks. A holder admits only within its lease, so neither
// do all of them together.
//
// Limits of different max on one cell (a narrower limit on one tool, a policy just edited) each see
// the shared use: room in a lease is good only for calls whose max is at least what the pool was
// filled up to (CellLease::room_max), and the pool is not filled above the room_max of a holder
// that may still have room, but recalls that first.
//
// Sliding counters and buckets have a FlowLedger instead of windows. Concurrency has one window
// without an end; a permit that was leased to a holder that died comes back when no call can hold
// it any more.
//
// Messages in, messages out; no threads, no sockets. Not thread-safe.
#ifndef RUNTIME_LIMITS_STORE_LEASE_POOL_H_
#define RUNTIME_LIMITS_STORE_LEASE_POOL_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/limits/cell_engine.h"
#include "runtime/limits/clock.h"
#include "runtime/limits/store/flow_ledger.h"
#include "runtime/limits/store/lease_message.h"
#include "runtime/limits/store/pool_file.h"
#include "runtime/limits/window.h"

namespace policy {

inline constexpr std::size_t kPoolCellsMax = 1u << 18;

class LeasePool {
 public:
  using HolderId = std::uint64_t;

  // Where answers go. Must not call the pool from inside.
  class Outbox {
   public:
    virtual void Send(HolderId holder, const LeaseMessage& message) = 0;

   protected:
    ~Outbox() = default;
  };

  // A holder that has not answered a recall by then keeps what it has; the others are told that the
  // pool is dry.
  static constexpr std::int64_t kRecallTimeoutNanoseconds = 250'000'000;
  // Of a window that lasts over a power loss no more than this part of its max is granted beyond
  // what a call needs: so much is lost with a process that is killed.
  static constexpr std::int64_t kDurableGrantParts = 100;
  // How far ahead of the leader's clock a holder's may be.
  static constexpr std::int64_t kClockToleranceSeconds = 2;

  // How long a permit that was leased may be taken by a call.
  static constexpr std::int64_t kPermitLeaseNanoseconds = 60'000'000'000;

  // `directory`, `clock` and `outbox` outlive the pool. `permit_seconds`: how long a call holds a
  // permit at most.
  static std::expected<std::unique_ptr<LeasePool>, std::string> Open(
      const StateDirectory& directory, Clock& clock, Outbox& outbox,
      std::uint32_t permit_seconds = CounterLimits{}.permit_seconds);
  LeasePool(const LeasePool&) = delete;  // cells refer to its calendars
  LeasePool& operator=(const LeasePool&) = delete;

  std::uint64_t incarnation() const { return file_.incarnation(); }

  void Join(HolderId holder);
  // Without a GoodbyeMessage before: what it leased stays issued, as nobody knows how much of it
  // was used, and the room it may still have is minded.
  void Leave(HolderId holder);

  // No process that leased anything before is alive: there is no room to mind.
  void ForgetOrphans();

  // Windows of the file that begin later than the clock says, or that it says were forgotten though
  // they have not ended, wait for an operator: either the clock is wrong now, or it was when they
  // were charged, and nobody here can tell. What waits fails, and goes on by itself when the clock
  // gets there.
  //
  // How many cells wait; one more where the file forgot windows that have not ended by the clock.
  std::size_t waiting_count();
  // The operator says that the clock is right: what was charged in a window of the future counts in
  // the current one. Returns how many waited; nullopt: it could not be written, and they still do.
  std::optional<std::size_t> Confirm();

  // What is charged or leased of every window that has not ended.
  std::vector<PoolRecord> Records();

  // An operator sets what is used of a cell in its current window, by everybody. Holders are told
  // to forget what they hold of it. False: it could not be written, or there is no such counter.
  [[nodiscard]] bool Set(const CellName& name, std::int64_t used);

  // False: the message is not one for a pool; the holder is to be dropped.
  [[nodiscard]] bool Receive(HolderId holder, const LeaseMessage& message);

  // Gives up on recalls that took too long. Call it about every kRecallTimeoutNanoseconds.
  void Expire();
  bool is_recalling() const { return !recalling_.empty(); }

 private:
  struct Lease {
    std::int64_t granted = 0;
    std::int64_t room_max = 0;  // at most what the holder's cell says
    std::int64_t end_ns = 0;    // Concurrency: of the wall clock, when no call holds a permit of it
  };
  // Permits of a holder that is gone.
  struct Orphan {
    std::int64_t granted = 0;
    std::int64_t end_ns = 0;
  };
  struct Pending {
    HolderId holder = 0;
    AskMessage ask;
    bool has_recalled = false;
  };
  struct Cell {
    PoolRecord record;  // low_max as last written
    const WindowCalendar* calendar = nullptr;
    PoolFile::Durability durability = PoolFile::Durability::OverPowerLoss;
    std::int64_t orphan_max = INT64_MAX;  // the smallest room_max of holders that left
    CounterKind kind = CounterKind::Fixed;
    std::optional<FlowLedger> flow;               // of a flow: instead of record and leases
    std::map<std::int64_t, std::uint32_t> slots;  // Sliding: cell_id in the file, by part modulo
                                                  // its places
    std::vector<Orphan> orphans;                  // Concurrency
    bool waits = false;                           // for an operator
    std::map<HolderId, Lease> leases;
    std::deque<Pending> pending;
    std::uint64_t recall_id = 0;  // 0: none under way
    std::set<HolderId> awaited;   // of the recall
    std::int64_t recall_deadline_ns = 0;
  };

  LeasePool(PoolFile file, const StateDirectory& directory, Clock& clock, Outbox& outbox,
            std::uint32_t permit_seconds);

  bool Restore(PoolRecord record);
  std::unique_ptr<Cell> MakeCell(const CellName& name);
  Cell* FindOrAdd(const CellName& name);
  const WindowCalendar* CalendarOf(const std::string& identity);
  void Roll(Cell& cell, std::int64_t asked_epoch_s);
  bool BeginsLater(const Cell& cell) const;
  bool Waits(Cell& cell);
  bool SetFlow(Cell& cell, std::int64_t used);
  bool SetPermits(Cell& cell, std::int64_t used);
  void TellSet(Cell& cell);
  void Hold(HolderId holder, const HoldMessage& hold);
  void Ask(HolderId holder, const AskMessage& ask);
  void Return(HolderId holder, const ReturnMessage& returned);
  void SayGoodbye(HolderId holder);
  void TakeBack(Cell& cell, HolderId holder, std::int64_t epoch_s, std::int64_t amount);
  void Settle(Cell& cell, HolderId holder, std::int64_t returned, std::int64_t idle_ns);
  void Process(Cell& cell);
  enum class Attempt { Answered, NeedsRecall };
  Attempt TryGrant(Cell& cell, const Pending& pending);
  Attempt TryGrantFlow(Cell& cell, const Pending& pending);
  static void TakeFromOrphans(Cell& cell, std::int64_t granted);
  void DropDeadPermits(Cell& cell);
  std::vector<HolderId> HoldersBut(const Cell& cell, HolderId except) const;
  void StartRecall(Cell& cell, HolderId except);
  void FinishRecall(Cell& cell);
  void Reply(HolderId holder, const GrantMessage& grant);
  bool Record(Cell& cell);
  PoolRecord FlowRecord(Cell& cell, const FlowLedger::Entry& entry);
  void AppendRecords(Cell& cell, std::vector<PoolRecord>& records);
  void CompactWhenLarge();
  void DropEndedCells();

  PoolFile file_;
  const StateDirectory& directory_;
  Clock& clock_;
  Outbox& outbox_;
  const std::int64_t permit_ns_;
  std::size_t compact_above_bytes_;
  std::int64_t next_drop_ns_ = 0;
  std::int64_t dropped_until_s_ = INT64_MIN;  // windows that ended before are forgotten
  bool clock_waits_ = false;                  // it is behind that, since before this leader began
  std::uint32_t next_cell_id_ = 1;
  std::uint64_t next_recall_id_ = 1;
  std::set<HolderId> holders_;
  std::set<Cell*> recalling_;
  std::unordered_map<std::string, std::optional<WindowCalendar>> calendars_;  // by identity
  std::unordered_map<CellName, std::unique_ptr<Cell>, CellNameHash> cells_;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_LEASE_POOL_H_
