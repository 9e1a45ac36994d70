#include "runtime/limits/token_bucket.h"

#include <algorithm>
#include <limits>

#include "policy/check.h"
#include "runtime/limits/window.h"

namespace policy {
namespace {

// Sums stop here; beyond it nothing is given back any more, which errs on the safe side.
constexpr Wide kLevelMax = Wide{1} << 126;
constexpr std::int64_t kWindowMax = std::int64_t{1} << 55;

Wide Bounded(Wide sum) { return std::min(sum, kLevelMax); }

Wide DivideUp(Wide value, std::int64_t divisor) {
  const auto by = static_cast<std::uint64_t>(divisor);
  const Wide raised = value + by - 1;
  if (raised <= std::numeric_limits<std::uint64_t>::max()) [[likely]] {
    return static_cast<std::uint64_t>(raised) / by;
  }
  return raised / by;
}

}  // namespace

TokenBucket::TokenBucket(std::int64_t window_ns, std::int64_t now_ns)
    : now_ns_(std::clamp<std::int64_t>(now_ns, 0, kInstantMax)), window_ns_(window_ns) {
  CHECK(window_ns > 0 && window_ns < kWindowMax);
}

void TokenBucket::Advance(std::int64_t now_ns, std::int64_t max) {
  const std::int64_t newest_ns = std::max(now_ns_, std::min(now_ns, kInstantMax));
  const Wide drained = static_cast<Wide>(rate_) * static_cast<Wide>(newest_ns - now_ns_);
  level_ = level_ > drained ? level_ - drained : 0;
  now_ns_ = newest_ns;
  rate_ = max;
  fastest_ = std::max(fastest_, max);
}

std::int64_t TokenBucket::used() const {
  if (level_ == 0) return 0;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(kMost, DivideUp(level_, window_ns_)));
}

std::int64_t TokenBucket::FallsTo(Wide level) const {
  if (level_ <= level) return now_ns_;
  if (rate_ == 0) return kInstantMax;
  const Wide wait_ns = DivideUp(level_ - level, rate_);
  const auto left_ns = static_cast<Wide>(kInstantMax - now_ns_);
  return now_ns_ + static_cast<std::int64_t>(std::min(wait_ns, left_ns));
}

Wide TokenBucket::Charge(std::int64_t amount, bool is_first) {
  if (is_first) {
    given_back_ = 0;
    fastest_ = rate_;
  }
  level_ = Bounded(level_ + Scaled(amount));
  return Bounded(level_ + given_back_);
}

void TokenBucket::GiveBack(std::int64_t mark, Wide due, std::int64_t amount) {
  // Drained as fast as it ever was: where the rate has changed, rather too little is given back.
  const Wide gone =
      Bounded(given_back_ + static_cast<Wide>(fastest_) * static_cast<Wide>(now_ns_ - mark));
  if (due <= gone) return;
  const Wide credit = std::min(Scaled(amount), due - gone);
  CHECK(credit <= level_);
  level_ -= credit;
  given_back_ = Bounded(given_back_ + credit);
}

}  // namespace policy
