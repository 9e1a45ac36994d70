#include "runtime/gateway/access/failure_throttle.h"

#include <algorithm>
#include <iterator>

namespace policy::gateway {
namespace {

constexpr double kNanosecondsPerMinute = 60e9;
constexpr int kNetworkGroups = 4;  // of the eight groups of an IPv6 address

}  // namespace

// Of an address that is written short (`::`) less than four groups stand before the gap: then all
// of it is the key, which throttles no more than it should.
std::string_view FailureThrottle::KeyOf(std::string_view address) {
  std::size_t end = 0;
  for (int group = 0; group < kNetworkGroups; ++group) {
    const std::size_t colon = address.find(':', end);
    if (colon == std::string_view::npos || colon == end) return address;
    end = colon + 1;
  }
  return address.substr(0, end);
}

void FailureThrottle::Drain(Bucket& bucket, std::int64_t now_ns) const {
  const auto passed = static_cast<double>(std::max<std::int64_t>(0, now_ns - bucket.at_ns));
  bucket.used -= passed * static_cast<double>(rate_) / kNanosecondsPerMinute;
  bucket.used = std::max(0.0, bucket.used);
  bucket.at_ns = now_ns;
}

FailureThrottle::Bucket& FailureThrottle::BucketOf(std::string_view address, std::int64_t now_ns) {
  const std::string key(KeyOf(address));
  if (const auto found = buckets_.find(key); found != buckets_.end()) return found->second;
  if (buckets_.size() >= kThrottledAddressesMax) {
    for (auto at = buckets_.begin(); at != buckets_.end();) {
      Drain(at->second, now_ns);
      at = at->second.used == 0 ? buckets_.erase(at) : std::next(at);
    }
  }
  if (buckets_.size() >= kThrottledAddressesMax) return shared_;
  return buckets_[key];
}

bool FailureThrottle::IsThrottled(std::string_view address, std::int64_t now_ns) {
  const auto found = buckets_.find(std::string(KeyOf(address)));
  const bool is_full = buckets_.size() >= kThrottledAddressesMax;
  if (found == buckets_.end() && !is_full) return false;
  Bucket& bucket = found == buckets_.end() ? shared_ : found->second;
  Drain(bucket, now_ns);
  return bucket.used + 1 > static_cast<double>(rate_);
}

void FailureThrottle::CountFailure(std::string_view address, std::int64_t now_ns) {
  Bucket& bucket = BucketOf(address, now_ns);
  Drain(bucket, now_ns);
  bucket.used = std::min(bucket.used + 1, static_cast<double>(rate_));
}

}  // namespace policy::gateway
