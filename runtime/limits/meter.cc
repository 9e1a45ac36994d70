#include "runtime/limits/meter.h"

#include <algorithm>
#include <new>
#include <type_traits>

#include "runtime/limits/sliding_window.h"
#include "runtime/limits/token_bucket.h"

namespace policy {
namespace {

template <typename Meter>
constexpr std::size_t kWholeCells =
    (sizeof(Meter) + sizeof(CounterCell) - 1) / sizeof(CounterCell) * sizeof(CounterCell);
static_assert(std::is_trivially_destructible_v<SlidingWindow> &&
                  std::is_trivially_destructible_v<TokenBucket>,
              "cells are reused without ceremony");
static_assert(kWholeCells<SlidingWindow> == 576 && kWholeCells<TokenBucket> == 64,
              "docs/limits.md says how much a key takes");

template <typename Meter>
Meter& After(CounterCell& cell) {
  return *std::launder(reinterpret_cast<Meter*>(&cell + 1));
}
template <typename Meter>
const Meter& After(const CounterCell& cell) {
  return *std::launder(reinterpret_cast<const Meter*>(&cell + 1));
}

bool IsBucket(const CounterCell& cell) { return cell.kind == CounterKind::Bucket; }

}  // namespace

std::size_t MeterBytes(CounterKind kind) {
  switch (kind) {
    case CounterKind::Fixed:
      return 0;
    case CounterKind::Bucket:
      return kWholeCells<TokenBucket>;
    case CounterKind::Sliding:
    case CounterKind::Concurrency:
      return kWholeCells<SlidingWindow>;
  }
  return 0;
}

void MakeMeter(CounterCell& cell, std::int64_t span_ns, std::int64_t now_ns) {
  if (IsBucket(cell)) {
    new (&cell + 1) TokenBucket(span_ns, now_ns);
  } else {
    new (&cell + 1) SlidingWindow(span_ns, now_ns);
  }
}

std::int64_t AdvanceMeter(CounterCell& cell, const Charge& charge, std::int64_t now_ns) {
  if (IsBucket(cell)) {
    auto& bucket = After<TokenBucket>(cell);
    bucket.Advance(now_ns, charge.max);
    cell.used = bucket.used();
    return 0;
  }
  auto& window = After<SlidingWindow>(cell);
  const std::int64_t left = window.Advance(now_ns);
  cell.used = window.used();
  return cell.kind == CounterKind::Concurrency ? left : 0;
}

bool MeterFits(const CounterCell& cell, const Charge& charge) {
  if (charge.max == 0) return false;
  if (IsBucket(cell)) return After<TokenBucket>(cell).Fits(charge.amount, charge.burst);
  return charge.amount <= charge.max && cell.used <= charge.max - charge.amount;
}

std::int64_t MeterFitsAt(const CounterCell& cell, const Charge& charge) {
  if (IsBucket(cell)) return After<TokenBucket>(cell).FitsAt(charge.amount, charge.burst);
  return After<SlidingWindow>(cell).FallsTo(charge.max - charge.amount);
}

std::int64_t MeterEmptyAt(const CounterCell& cell) {
  return IsBucket(cell) ? After<TokenBucket>(cell).EmptyAt() : After<SlidingWindow>(cell).EmptyAt();
}

void TakeFromMeter(CounterCell& cell, const Charge& charge, HeldCharge& held) {
  if (IsBucket(cell)) {
    auto& bucket = After<TokenBucket>(cell);
    const Wide due = bucket.Charge(charge.amount, /*is_first=*/cell.outstanding == 0);
    held.due_low = static_cast<std::uint64_t>(due);
    held.due_high = static_cast<std::uint64_t>(due >> 64);
    held.mark = bucket.now_ns();
    cell.used = bucket.used();
    return;
  }
  auto& window = After<SlidingWindow>(cell);
  window.Charge(charge.amount);
  held.mark = window.now_ns();
  cell.used = window.used();
}

void GiveBackToMeter(CounterCell& cell, const HeldCharge& held, std::int64_t amount) {
  if (IsBucket(cell)) {
    auto& bucket = After<TokenBucket>(cell);
    bucket.GiveBack(held.mark, static_cast<Wide>(held.due_high) << 64 | held.due_low, amount);
    cell.used = bucket.used();
    return;
  }
  auto& window = After<SlidingWindow>(cell);
  window.GiveBack(held.mark, amount);
  cell.used = window.used();
}

void PostToMeter(CounterCell& cell, std::int64_t amount, std::int64_t now_ns) {
  if (IsBucket(cell)) {
    auto& bucket = After<TokenBucket>(cell);
    bucket.Advance(now_ns, bucket.max());
    bucket.Charge(amount, /*is_first=*/false);
    cell.used = bucket.used();
    return;
  }
  auto& window = After<SlidingWindow>(cell);
  window.Advance(now_ns);
  window.Charge(std::min(amount, kUnlimited - window.used()));
  cell.used = window.used();
}

void SetMeter(CounterCell& cell, std::int64_t span_ns, std::int64_t used, std::int64_t now_ns) {
  if (IsBucket(cell)) {
    const std::int64_t max = After<TokenBucket>(cell).max();
    MakeMeter(cell, span_ns, now_ns);
    After<TokenBucket>(cell).Advance(now_ns, max);
  } else {
    MakeMeter(cell, span_ns, now_ns);
  }
  cell.used = 0;
  if (used > 0) PostToMeter(cell, used, now_ns);
}

}  // namespace policy
