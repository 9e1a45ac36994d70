// Counters in the memory of this process: nothing to wait for, nothing that outlives it.
#ifndef RUNTIME_LIMITS_MEMORY_COUNTERS_H_
#define RUNTIME_LIMITS_MEMORY_COUNTERS_H_

#include <functional>
#include <span>

#include "policy/counters.h"
#include "runtime/limits/cell_engine.h"

namespace policy {

class MemoryCounters final : public Counters {
 public:
  explicit MemoryCounters(const CounterLimits& limits = {}) : engine_(limits) {}

  CounterTable* Open(const CounterIdentity& identity) override;
  void Close(CounterTable* table) override;
  ReserveResult TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                           std::span<ChargeState> states, Reservation& reservation) override;
  ReserveResult Peek(std::span<const Charge> charges, std::int64_t now_ns,
                     std::span<ChargeState> states) override;
  void WhenReady(std::span<const Charge> charges, std::function<void()> wake) override;

  // For operators: what stands in the cells.
  CellEngine& engine() { return engine_; }
  std::size_t cell_count() const { return engine_.cell_count(); }
  std::uint64_t overdue() const { return engine_.overdue(); }  // CellEngine::overdue

 private:
  CellEngine engine_;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_MEMORY_COUNTERS_H_
