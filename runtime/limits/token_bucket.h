// A bucket that charges fill and time drains: GCRA, counted in whole numbers, so that no rate is
// rounded.
//
// The level is in units of amount times the nanoseconds of the window, of which the rate drains
// `max` in each nanosecond. 128 bits hold it: amounts are below 2^63, windows below 2^55 ns.
//
// Giving back is no plain subtraction: what has drained meanwhile would be given back twice, and
// what others gave back shortens how long a charge is still due. INVARIANT: the bucket is never
// emptier than one that had only taken the charges that were kept.
//
// An instant is in Unix nanoseconds and taken to lie within [0, kInstantMax]. Time does not run
// backwards: an older instant is taken for the newest that was seen. Not thread-safe.
#ifndef RUNTIME_LIMITS_TOKEN_BUCKET_H_
#define RUNTIME_LIMITS_TOKEN_BUCKET_H_

#include <cstdint>

namespace policy {

__extension__ using Wide = unsigned __int128;

class TokenBucket {
 public:
  // REQUIRES: 0 < window_ns < 2^55.
  TokenBucket(std::int64_t window_ns, std::int64_t now_ns);

  // Moves time on. `max` drains in a window from then on; until then what did before.
  void Advance(std::int64_t now_ns, std::int64_t max);

  std::int64_t now_ns() const { return now_ns_; }
  std::int64_t max() const { return rate_; }
  // Rounded up.
  std::int64_t used() const;
  bool Fits(std::int64_t amount, std::int64_t burst) const {
    return level_ + Scaled(amount) <= Scaled(burst);
  }

  // The instant from which the bucket is empty, or from which `amount` fits, if nothing is charged;
  // kInstantMax where that is later. REQUIRES: amount <= burst.
  std::int64_t EmptyAt() const { return FallsTo(0); }
  std::int64_t FitsAt(std::int64_t amount, std::int64_t burst) const {
    return FallsTo(Scaled(burst - amount));
  }

  // Takes `amount` at now_ns(), whether it fits or not. Gives what GiveBack wants to know later.
  // `is_first`: no charge before this one will be given back.
  Wide Charge(std::int64_t amount, bool is_first);
  // Gives back of what was charged at the instant `mark` for `due`.
  void GiveBack(std::int64_t mark, Wide due, std::int64_t amount);

 private:
  Wide Scaled(std::int64_t amount) const {
    return static_cast<Wide>(amount) * static_cast<Wide>(window_ns_);
  }
  std::int64_t FallsTo(Wide level) const;

  Wide level_ = 0;
  Wide given_back_ = 0;  // since nothing was outstanding
  std::int64_t now_ns_;
  std::int64_t window_ns_;
  std::int64_t rate_ = 0;     // of level, each nanosecond
  std::int64_t fastest_ = 0;  // likewise, since nothing was outstanding
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_TOKEN_BUCKET_H_
