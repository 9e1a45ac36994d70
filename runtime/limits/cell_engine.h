// Charging the cells of several counters in one step: the part that counters in memory and counters
// shared between processes have in common.
#ifndef RUNTIME_LIMITS_CELL_ENGINE_H_
#define RUNTIME_LIMITS_CELL_ENGINE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/counters.h"
#include "runtime/limits/counter_table.h"

namespace policy {

struct CounterLimits {
  // Of the process: 64 bytes each, and their index. A cell that is larger counts as several.
  std::size_t cells_max = 1u << 20;
  std::size_t cells_per_table_max = 1u << 16;  // keys of one counter, attached to one grant
  std::size_t tables_max = 1u << 16;
  // How long a call holds what it was charged for Concurrency. At least as long as any call may
  // last: after it there is room for another, whether the call has ended or not.
  std::uint32_t permit_seconds = 3'600;
};

// Thread safety: every function may be called at any time by any thread.
//
// Exactness: the cells of a call are locked together, in the order of their addresses, looked at,
// and charged or not. So no other call sees a part of it, none is refused because of a charge that
// is then rolled back, and there is no order of locks that can wait in a circle.
class CellEngine {
 public:
  explicit CellEngine(const CounterLimits& limits);
  ~CellEngine();
  CellEngine(const CellEngine&) = delete;  // tables refer to its budget
  CellEngine& operator=(const CellEngine&) = delete;

  // `leased`: the cells of a new table ask a store for quota.
  CounterTable* Open(const CounterIdentity& identity, bool leased);
  void Close(CounterTable* table);

  // `steady_ns`: the monotonic clock, where leases end by it.
  ReserveResult TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                           std::span<ChargeState> states, Reservation& reservation,
                           std::int64_t steady_ns = 0);
  ReserveResult Peek(std::span<const Charge> charges, std::int64_t now_ns,
                     std::span<ChargeState> states, std::int64_t steady_ns = 0);

  // Calls `visit` with the table of that IdentityKey, if there is one, or with every table. None is
  // made or dropped meanwhile; `visit` must not call the engine.
  void VisitTable(const std::string& identity_key, const std::function<void(CounterTable&)>& visit);
  void VisitTables(const std::function<void(CounterTable&)>& visit);

  std::size_t cell_count() const { return budget_.used(); }
  // Units charged for Concurrency that were held for permit_seconds and then no longer counted: the
  // calls may have gone on beside others.
  std::uint64_t overdue() const { return overdue_.load(std::memory_order_relaxed); }

 private:
  struct OpenTable {
    std::unique_ptr<CounterTable> table;
    std::size_t opened = 0;
  };

  void DropIdleTables();
  void SeeTime(std::int64_t now_s);
  CounterCell* Insert(const Charge& charge, std::uint64_t hash, const Window& window,
                      std::int64_t now_s);

  const CounterLimits limits_;
  CellBudget budget_;
  std::atomic<std::uint64_t> overdue_{0};
  HashSecret secret_;
  std::atomic<std::int64_t> newest_now_s_{INT64_MIN};  // of the calls that made a cell
  std::mutex mutex_;                                   // over tables_
  std::unordered_map<std::string, OpenTable> tables_;  // by IdentityKey
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_CELL_ENGINE_H_
