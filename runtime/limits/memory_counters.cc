#include "runtime/limits/memory_counters.h"

#include <memory>

#include "policy/memory_counters.h"

namespace policy {

std::unique_ptr<Counters> MakeMemoryCounters() { return std::make_unique<MemoryCounters>(); }

CounterTable* MemoryCounters::Open(const CounterIdentity& identity) {
  return engine_.Open(identity, /*leased=*/false);
}

void MemoryCounters::Close(CounterTable* table) { engine_.Close(table); }

ReserveResult MemoryCounters::TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                                         std::span<ChargeState> states, Reservation& reservation) {
  return engine_.TryReserve(charges, now_ns, states, reservation);
}

ReserveResult MemoryCounters::Peek(std::span<const Charge> charges, std::int64_t now_ns,
                                   std::span<ChargeState> states) {
  return engine_.Peek(charges, now_ns, states);
}

// Memory never answers NeedsStore, so there is nothing to wait for.
void MemoryCounters::WhenReady(std::span<const Charge>, std::function<void()> wake) { wake(); }

}  // namespace policy
