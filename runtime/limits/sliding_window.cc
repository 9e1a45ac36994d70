#include "runtime/limits/sliding_window.h"

#include <algorithm>

#include "policy/check.h"
#include "runtime/limits/window.h"

namespace policy {

SlidingWindow::SlidingWindow(std::int64_t window_ns, std::int64_t now_ns)
    : part_ns_(window_ns / kParts), now_ns_(std::clamp<std::int64_t>(now_ns, 0, kInstantMax)) {
  CHECK(window_ns > 0 && window_ns % kParts == 0);
  times_ = {};
}

void SlidingWindow::Forget() {
  used_ = 0;
  first_ = 0;
  count_ = 0;
  has_log_ = true;
}

std::int64_t SlidingWindow::Advance(std::int64_t now_ns) {
  const std::int64_t from_part = PartOf(now_ns_);
  now_ns_ = std::max(now_ns_, std::min(now_ns, kInstantMax));
  if (used_ == 0) {
    Forget();
    return 0;
  }
  return has_log_ ? AdvanceLog() : AdvanceParts(from_part);
}

std::int64_t SlidingWindow::AdvanceLog() {
  const std::int64_t span_begin_ns = now_ns_ - part_ns_ * kParts;
  std::int64_t left = 0;
  while (count_ > 0 && TimeAt(0) <= span_begin_ns) {
    left += unit_;
    first_ = (first_ + 1) % kLogEntries;
    --count_;
  }
  used_ -= left;
  return left;
}

std::int64_t SlidingWindow::AdvanceParts(std::int64_t from_part) {
  const std::int64_t part = PartOf(now_ns_);
  const std::int64_t used_before = used_;
  // The slot of each part that begins held the one that is kParts + 1 older.
  const std::int64_t begun = std::min(part - from_part, kParts + 1);
  for (std::int64_t i = 0; i < begun; ++i) {
    std::int64_t& sum = SumOf(part - i);
    used_ -= sum;
    sum = 0;
  }
  return used_before - used_;
}

std::int64_t SlidingWindow::EmptyAt() const {
  if (used_ == 0) return now_ns_;
  if (has_log_) return TimeAt(count_ - 1) + part_ns_ * kParts;
  std::int64_t part = PartOf(now_ns_);
  while (SumOf(part) == 0) --part;
  return (part + kParts + 1) * part_ns_;
}

std::int64_t SlidingWindow::FallsTo(std::int64_t used) const {
  if (used_ <= used) return now_ns_;
  if (has_log_) {
    const std::int64_t must_leave = (used_ - used + unit_ - 1) / unit_;
    return TimeAt(static_cast<int>(must_leave) - 1) + part_ns_ * kParts;
  }
  const std::int64_t newest = PartOf(now_ns_);
  std::int64_t left = used_;
  for (std::int64_t part = std::max<std::int64_t>(0, newest - kParts); part <= newest; ++part) {
    left -= SumOf(part);
    if (left <= used) return (part + kParts + 1) * part_ns_;
  }
  return EmptyAt();
}

void SlidingWindow::Charge(std::int64_t amount) {
  DCHECK(amount >= 0);
  if (amount == 0) return;
  if (used_ == 0) {
    Forget();
    unit_ = amount;
  }
  if (has_log_ && (amount != unit_ || count_ == kLogEntries)) CountByParts();
  used_ += amount;
  if (has_log_) {
    TimeAt(count_++) = now_ns_;
  } else {
    SumOf(PartOf(now_ns_)) += amount;
  }
}

void SlidingWindow::CountByParts() {
  const std::array<std::int64_t, kLogEntries> times = times_;
  parts_from_ns_ = count_ > 0 ? TimeAt(0) : now_ns_;
  has_log_ = false;
  sums_ = {};
  for (int entry = 0; entry < count_; ++entry) {
    SumOf(PartOf(times[static_cast<std::size_t>((first_ + entry) % kLogEntries)])) += unit_;
  }
}

void SlidingWindow::GiveBack(std::int64_t mark, std::int64_t amount) {
  if (amount == 0 || used_ == 0) return;
  if (has_log_) {
    // An entry of the log has left the span a little before its part has.
    if (count_ == 0 || mark < TimeAt(0)) return;
    if (amount == unit_) return GiveBackFromLog(mark);
    CountByParts();
  }
  if (mark < parts_from_ns_ || PartOf(mark) < PartOf(now_ns_) - kParts) return;
  std::int64_t& sum = SumOf(PartOf(mark));
  CHECK(sum >= amount);
  sum -= amount;
  used_ -= amount;
}

void SlidingWindow::GiveBackFromLog(std::int64_t mark) {
  int entry = count_ - 1;
  while (entry >= 0 && TimeAt(entry) != mark) --entry;
  CHECK(entry >= 0);
  for (; entry + 1 < count_; ++entry) TimeAt(entry) = TimeAt(entry + 1);
  --count_;
  used_ -= unit_;
}

}  // namespace policy
