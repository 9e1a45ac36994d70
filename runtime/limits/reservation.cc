#include <utility>

#include "policy/check.h"
#include "policy/counters.h"
#include "runtime/limits/cell.h"

namespace policy {

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
                            (settlement == Settlement::CommitError && charge.refund_on_error);
    cell.Lock();
    CHECK(cell.live && cell.outstanding > 0);
    --cell.outstanding;
    if (gives_back && cell.epoch_s == charge.epoch_s) {
      CHECK(cell.used >= charge.amount);
      cell.used -= charge.amount;
    }
    cell.Unlock();
  }
  count_ = 0;
  overflow_.clear();
}

}  // namespace policy
