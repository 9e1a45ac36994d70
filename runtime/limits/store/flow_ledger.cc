#include "runtime/limits/store/flow_ledger.h"

#include <algorithm>
#include <limits>

#include "policy/check.h"
#include "runtime/limits/cell.h"
#include "runtime/limits/window.h"

namespace policy {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr Wide kLevelMax = Wide{1} << 126;  // beyond it nothing fits anyway

Wide DivideUp(Wide value, Wide divisor) { return (value + divisor - 1) / divisor; }

std::int64_t Bounded(Wide value, std::int64_t most) {
  return value < static_cast<Wide>(most) ? static_cast<std::int64_t>(value) : most;
}

}  // namespace

FlowLedger::FlowLedger(CounterKind kind, std::uint32_t window_seconds)
    : kind_(kind),
      window_ns_(window_seconds * kNanosecondsPerSecond),
      parts_(SlidingPartsOf(window_seconds)),
      part_ns_(window_ns_ / parts_) {
  CHECK(IsFlow(kind) && window_seconds > 0 && window_seconds <= kKindWindowSecondsMax);
}

void FlowLedger::Advance(std::int64_t now_ns) {
  now_ns_ = std::max(now_ns_, std::clamp<std::int64_t>(now_ns, 0, kInstantMax));
  // A sliding counter hears of what is left of a lease as long as its part counts.
  const std::int64_t settled_after_ns = is_bucket() ? 0 : window_ns_;
  while (true) {
    const auto first = std::ranges::min_element(
        leases_, {}, [](const auto& entry) { return entry.second.end_ns; });
    if (first == leases_.end() || first->second.end_ns > now_ns_ - settled_after_ns) break;
    if (is_bucket()) Pour(first->second.end_ns, first->second.granted);
    leases_.erase(first);
  }
  // What ended within a part may have been used at the end of it.
  sums_.erase(sums_.begin(), sums_.lower_bound(PartOf(now_ns_) - parts_));
}

std::int64_t FlowLedger::LeasedOfBucket() const {
  std::int64_t sum = 0;
  for (const auto& [holder, lease] : leases_) sum = SaturatingAdd(sum, lease.granted);
  return sum;
}

std::int64_t FlowLedger::used() const {
  std::int64_t sum = 0;
  if (is_bucket()) {
    const Wide level = DivideUp(LevelAt(now_ns_), static_cast<Wide>(window_ns_));
    return SaturatingAdd(Bounded(level, kUnlimited), LeasedOfBucket());
  }
  for (const auto& [part, amount] : sums_) sum = SaturatingAdd(sum, amount);
  return sum;
}

std::vector<FlowLedger::HolderId> FlowLedger::HoldersBut(HolderId except) const {
  std::vector<HolderId> holders;
  for (const auto& [holder, lease] : leases_) {
    if (holder != except && holder != kRestored) holders.push_back(holder);
  }
  return holders;
}

std::int64_t FlowLedger::RoomMaxBut(HolderId except) const {
  std::int64_t room_max = kUnlimited;
  for (const auto& [holder, lease] : leases_) {
    if (holder != except && lease.end_ns > now_ns_) room_max = std::min(room_max, lease.room_max);
  }
  return room_max;
}

bool FlowLedger::Fits(std::int64_t amount, std::int64_t most) const {
  if (most <= 0 || amount > most) return false;
  if (!is_bucket()) return used() <= most - amount;
  const std::int64_t leased = SaturatingAdd(LeasedOfBucket(), amount);
  return leased <= most && LevelAt(now_ns_) <= Scaled(most - leased);
}

std::int64_t FlowLedger::FreesAt(std::int64_t amount, std::int64_t most) const {
  if (Fits(amount, most) || amount > most) return now_ns_;
  if (is_bucket()) {
    if (rate_ <= 0) return kInstantMax;
    const Wide level = LevelAt(now_ns_) + Scaled(LeasedOfBucket());
    const Wide wait =
        DivideUp(level - std::min(level, Scaled(most - amount)), static_cast<Wide>(rate_));
    return now_ns_ + Bounded(wait, kInstantMax - now_ns_);
  }
  std::int64_t left = used();
  for (const auto& [part, sum] : sums_) {
    left -= sum;
    if (left <= most - amount) return (part + parts_ + 1) * part_ns_;
  }
  return now_ns_;
}

std::int64_t FlowLedger::ClearsAt() const {
  if (is_bucket()) return used() == 0 ? now_ns_ : FreesAt(1, 1);
  return sums_.empty() ? now_ns_ : (sums_.rbegin()->first + parts_ + 1) * part_ns_;
}

void FlowLedger::SetRate(std::int64_t max) {
  if (max == rate_) return;
  level_ = LevelAt(now_ns_);
  level_ns_ = std::max(level_ns_, now_ns_);
  rate_ = max;
}

Wide FlowLedger::LevelAt(std::int64_t instant_ns) const {
  if (instant_ns <= level_ns_) return level_;
  const Wide drained = static_cast<Wide>(rate_) * static_cast<Wide>(instant_ns - level_ns_);
  return level_ > drained ? level_ - drained : 0;
}

// What comes before the newest that was poured is added to it undrained, which errs on the safe
// side.
void FlowLedger::Pour(std::int64_t instant_ns, std::int64_t amount) {
  if (amount == 0) return;
  level_ = std::min(LevelAt(instant_ns) + Scaled(amount), kLevelMax);
  level_ns_ = std::max(level_ns_, instant_ns);
}

std::int64_t FlowLedger::Lease(HolderId holder, std::int64_t amount, std::int64_t room_max,
                               const Limit& limit) {
  OneLease& lease = leases_[holder];
  lease = {.granted = amount, .room_max = room_max, .end_ns = now_ns_};
  if (is_bucket()) {
    const Wide drains_in = Scaled(limit.burst) / static_cast<Wide>(limit.max);
    lease.end_ns +=
        std::clamp(Bounded(drains_in / 8, kBucketLeaseMax), kBucketLeaseMin, kBucketLeaseMax);
  } else {
    const std::int64_t part = PartOf(now_ns_) + 1;
    lease.end_ns = (part + 1) * part_ns_;
    sums_[part] += amount;
  }
  return lease.end_ns;
}

void FlowLedger::Settle(HolderId holder, std::int64_t returned, std::int64_t used_by_ns) {
  const auto found = leases_.find(holder);
  if (found == leases_.end()) return;
  const OneLease lease = found->second;
  leases_.erase(found);
  const std::int64_t taken_back = std::min(returned, lease.granted);
  if (is_bucket()) {
    Pour(std::min(lease.end_ns, used_by_ns), lease.granted - taken_back);
  } else if (const auto sum = sums_.find(PartOf(lease.end_ns) - 1); sum != sums_.end()) {
    CHECK(sum->second >= taken_back);
    sum->second -= taken_back;
    if (sum->second == 0) sums_.erase(sum);
  }
}

std::int64_t FlowLedger::newest_ns() const {
  if (is_bucket()) return level_ns_;
  return sums_.empty() ? 0 : sums_.rbegin()->first * part_ns_;
}

void FlowLedger::BringBack(std::int64_t now_ns) {
  const std::int64_t used_before = used();
  leases_.clear();
  now_ns_ = std::clamp<std::int64_t>(now_ns, 0, kInstantMax);
  if (newest_ns() > now_ns_) Set(used_before);
}

void FlowLedger::Set(std::int64_t used) {
  leases_.clear();
  sums_.clear();
  level_ = Scaled(used);
  level_ns_ = now_ns_;
  if (!is_bucket() && used > 0) sums_[PartOf(now_ns_)] = used;
}

std::vector<FlowLedger::Entry> FlowLedger::Entries() const {
  std::vector<Entry> entries;
  if (is_bucket()) {
    Entry entry{.at = std::max(now_ns_, level_ns_), .amount = used(), .rate = rate_};
    for (const auto& [holder, lease] : leases_) entry.at = std::max(entry.at, lease.end_ns);
    entries.push_back(entry);
  }
  for (const auto& [part, sum] : sums_) entries.push_back({.at = part, .amount = sum});
  return entries;
}

FlowLedger::Entry FlowLedger::EntryOf(HolderId holder) const {
  if (is_bucket()) return Entries().front();
  const std::int64_t part = PartOf(leases_.at(holder).end_ns) - 1;
  return {.at = part, .amount = sums_.at(part)};
}

void FlowLedger::Restore(const Entry& entry, std::int64_t room_max) {
  OneLease lease{.granted = 0, .room_max = room_max, .end_ns = entry.at};
  if (is_bucket()) {
    level_ = Scaled(entry.amount);
    level_ns_ = entry.at;
    rate_ = entry.rate;
  } else {
    sums_[entry.at] = entry.amount;
    lease.end_ns = (entry.at + 1) * part_ns_;
  }
  const auto [known, is_new] = leases_.try_emplace(kRestored, lease);
  if (is_new) return;
  known->second.room_max = std::min(known->second.room_max, lease.room_max);
  known->second.end_ns = std::max(known->second.end_ns, lease.end_ns);
}

}  // namespace policy
