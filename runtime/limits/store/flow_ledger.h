// What a pool knows of one flow: a sliding counter or a bucket, of which several holders lease
// quota.
//
// A lease has an end, and until then its holder may use it at any moment; so what is leased counts
// as if it were used at the last of them. Sliding: in the part of the window in which it ends; the
// sum over the parts is never above max. Bucket: it fills the bucket at once and begins to drain at
// the end, or when the holder says that it has used it. Whatever the holders do meanwhile, the
// promise of the kind holds for all of them together; what it costs is room that comes back up to
// the length of a lease later.
//
// Instants are Unix nanoseconds of the pool's clock, which does not run backwards. Not thread-safe.
#ifndef RUNTIME_LIMITS_STORE_FLOW_LEDGER_H_
#define RUNTIME_LIMITS_STORE_FLOW_LEDGER_H_

#include <cstdint>
#include <map>
#include <vector>

#include "policy/counters.h"
#include "runtime/limits/token_bucket.h"

namespace policy {

// How many parts a sliding window has in a pool. A lease lives for one to two of them, and none is
// so short that an answer may come too late.
constexpr std::int64_t SlidingPartsOf(std::uint32_t window_seconds) {
  if (window_seconds < 3) return std::int64_t{50} * window_seconds;
  return 125;
}

// How long a lease of a bucket lives: an eighth of the time in which it drains, between these.
inline constexpr std::int64_t kBucketLeaseMin = 20'000'000;
inline constexpr std::int64_t kBucketLeaseMax = 1'000'000'000;

class FlowLedger {
 public:
  using HolderId = std::uint64_t;
  static constexpr HolderId kNobody = UINT64_MAX - 1;

  struct Limit {
    std::int64_t max = 0;
    std::int64_t burst = 0;  // Bucket
  };

  // REQUIRES: IsFlow(kind), 0 < window_seconds.
  FlowLedger(CounterKind kind, std::uint32_t window_seconds);

  // Moves time on: leases end.
  void Advance(std::int64_t now_ns);
  std::int64_t now_ns() const { return now_ns_; }

  // All that counts, leases that have not ended included; of a bucket rounded up.
  std::int64_t used() const;

  // The holders, but `except`, who may have some of a lease left to return, and the smallest max
  // under which they have leases that have not ended.
  std::vector<HolderId> HoldersBut(HolderId except) const;
  std::int64_t RoomMaxBut(HolderId except) const;

  // Whether `amount` more fits below `most`; the instant from which it does, if nothing else
  // happens.
  bool Fits(std::int64_t amount, std::int64_t most) const;
  std::int64_t FreesAt(std::int64_t amount, std::int64_t most) const;
  std::int64_t ClearsAt() const;

  // Of a bucket: `max` drains in a window from now on.
  void SetRate(std::int64_t max);

  // Leases, and gives the instant at which that ends. REQUIRES: it fits, and the holder has none.
  std::int64_t Lease(HolderId holder, std::int64_t amount, std::int64_t room_max,
                     const Limit& limit);
  // Ends the holder's lease, if it has one: `returned` of it was not used and will not be, the rest
  // by `used_by_ns` at the latest.
  void Settle(HolderId holder, std::int64_t returned, std::int64_t used_by_ns);

  // What stands in the pool's file: for a sliding counter each part with what counts in it, for a
  // bucket the instant at which it begins to drain, what it holds by then, and its rate.
  struct Entry {
    std::int64_t at = 0;
    std::int64_t amount = 0;
    std::int64_t rate = 0;
  };
  std::vector<Entry> Entries() const;
  // Of these the one that the holder's lease, just made, has changed.
  Entry EntryOf(HolderId holder) const;
  // Into an empty ledger. `room_max`: of whatever of it may still be used.
  void Restore(const Entry& entry, std::int64_t room_max);
  // The newest instant in it that something was charged, or will have been.
  std::int64_t newest_ns() const;
  std::int64_t lease_ns_max() const { return is_bucket() ? kBucketLeaseMax : 2 * part_ns_; }
  // The clock is right, and what was charged later counts from now on. All leases are forgotten.
  void BringBack(std::int64_t now_ns);
  // All that counts is `used`, charged now; nobody has a lease.
  void Set(std::int64_t used);
  // Nobody lives who could use what was restored.
  void ForgetRestored() { leases_.erase(kRestored); }

 private:
  static constexpr HolderId kRestored = UINT64_MAX;

  struct OneLease {
    std::int64_t granted = 0;
    std::int64_t room_max = 0;
    std::int64_t end_ns = 0;
  };

  bool is_bucket() const { return kind_ == CounterKind::Bucket; }
  std::int64_t PartOf(std::int64_t instant_ns) const { return instant_ns / part_ns_; }
  std::int64_t LeasedOfBucket() const;
  Wide LevelAt(std::int64_t instant_ns) const;
  void Pour(std::int64_t instant_ns, std::int64_t amount);
  Wide Scaled(std::int64_t amount) const {
    return static_cast<Wide>(amount) * static_cast<Wide>(window_ns_);
  }

  CounterKind kind_;
  std::int64_t window_ns_;
  std::int64_t parts_;
  std::int64_t part_ns_;
  std::int64_t now_ns_ = 0;
  std::map<HolderId, OneLease> leases_;
  std::map<std::int64_t, std::int64_t> sums_;  // Sliding: by part
  // Bucket: its level at `level_ns_`, in units of amount times the nanoseconds of the window, of
  // which `rate_` drains in each nanosecond from then on.
  Wide level_ = 0;
  std::int64_t level_ns_ = 0;
  std::int64_t rate_ = 0;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_FLOW_LEDGER_H_
