// What a cell of a kind other than Fixed counts with: a SlidingWindow or a TokenBucket in the
// memory after the cell. The permits of Concurrency are a SlidingWindow too: what leaves it was
// held longer than any call may last.
//
// Every function REQUIRES that the cell is locked and, but MakeMeter, that it has a meter.
#ifndef RUNTIME_LIMITS_METER_H_
#define RUNTIME_LIMITS_METER_H_

#include <cstddef>
#include <cstdint>

#include "policy/counters.h"
#include "runtime/limits/cell.h"

namespace policy {

// Whole cells of memory that a meter takes: 0 for Fixed.
std::size_t MeterBytes(CounterKind kind);

// An empty one. `span_ns`: the window, or how long a permit is held at most. REQUIRES:
// MeterBytes(cell.kind) after the cell are its own.
void MakeMeter(CounterCell& cell, std::int64_t span_ns, std::int64_t now_ns);

// Moves time on. Gives the units whose permits ran out while their calls had not ended.
std::int64_t AdvanceMeter(CounterCell& cell, const Charge& charge, std::int64_t now_ns);

bool MeterFits(const CounterCell& cell, const Charge& charge);
// The instant from which it fits if nothing is charged. REQUIRES: that it ever does.
std::int64_t MeterFitsAt(const CounterCell& cell, const Charge& charge);
// The instant from which nothing is counted any more if nothing is charged.
std::int64_t MeterEmptyAt(const CounterCell& cell);

// Takes the charge, which is then held by `held`. REQUIRES: it fits, and the cell was advanced.
void TakeFromMeter(CounterCell& cell, const Charge& charge, HeldCharge& held);
// `amount` of what `held` holds is given back, as far as it still counts.
void GiveBackToMeter(CounterCell& cell, const HeldCharge& held, std::int64_t amount);
// `amount` is charged at `now_ns` whether it fits or not.
void PostToMeter(CounterCell& cell, std::int64_t amount, std::int64_t now_ns);

// Begins anew with `used`; what drains does so as before.
void SetMeter(CounterCell& cell, std::int64_t span_ns, std::int64_t used, std::int64_t now_ns);

}  // namespace policy

#endif  // RUNTIME_LIMITS_METER_H_
