#include <utility>

#include "policy/check.h"
#include "policy/counters.h"
#include "runtime/limits/cell.h"
#include "runtime/limits/counter_table.h"
#include "runtime/limits/meter.h"

namespace policy {
namespace {

// Both: the cell is locked.
void GiveBack(CounterCell& cell, const HeldCharge& charge, std::int64_t amount) {
  if (cell.resets != charge.resets) return;
  if (cell.has_meter()) return GiveBackToMeter(cell, charge, amount);
  if (cell.epoch_s != charge.mark) return;
  CHECK(cell.used >= amount);
  cell.used -= amount;
}

void Post(CounterCell& cell, CounterTable& table, std::int64_t amount, std::int64_t now_ns) {
  if (cell.has_meter()) return PostToMeter(cell, amount, now_ns);
  if (cell.kind == CounterKind::Fixed) {
    const Window now = table.WindowAt(FloorSeconds(now_ns));
    if (cell.epoch_s < now.start_s) table.Advance(cell, now.start_s);
  }
  cell.used = SaturatingAdd(cell.used, amount);
}

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : count_(std::exchange(other.count_, 0)),
      inline_(other.inline_),
      overflow_(std::move(other.overflow_)) {
  other.overflow_.clear();
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  Settle(Settlement::Void);
  count_ = std::exchange(other.count_, 0);
  inline_ = other.inline_;
  overflow_ = std::move(other.overflow_);
  other.overflow_.clear();
  return *this;
}

Reservation::~Reservation() { Settle(Settlement::Void); }

void Reservation::Settle(Settlement settlement) {
  for (std::size_t i = 0; i < count_; ++i) {
    const HeldCharge& charge = held(i);
    CounterCell& cell = *charge.cell;
    const bool gives_back = settlement == Settlement::Void ||
                            (settlement == Settlement::CommitError && charge.refund_on_error) ||
                            cell.kind == CounterKind::Concurrency;
    cell.Lock();
    CHECK(cell.live && cell.outstanding > 0);
    --cell.outstanding;
    if (gives_back) GiveBack(cell, charge, charge.amount);
    cell.Unlock();
  }
  Forget();
}

void Reservation::SettleActual(std::span<const std::optional<std::int64_t>> amounts,
                               std::int64_t now_ns) {
  CHECK(amounts.size() == count_);
  for (std::size_t i = 0; i < count_; ++i) {
    const HeldCharge& charge = held(i);
    CounterCell& cell = *charge.cell;
    const bool is_concurrency = cell.kind == CounterKind::Concurrency;
    const std::int64_t kept =
        amounts[i] && *amounts[i] >= 0 && !is_concurrency ? *amounts[i] : charge.amount;
    cell.Lock();
    CHECK(cell.live && cell.outstanding > 0);
    --cell.outstanding;
    if (is_concurrency || kept < charge.amount) {
      GiveBack(cell, charge, is_concurrency ? charge.amount : charge.amount - kept);
    } else if (kept > charge.amount) {
      Post(cell, *charge.table, kept - charge.amount, now_ns);
    }
    cell.Unlock();
  }
  Forget();
}

void Reservation::Forget() {
  count_ = 0;
  overflow_.clear();
}

}  // namespace policy
