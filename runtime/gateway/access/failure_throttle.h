// How often an address may fail to say who it is.
#ifndef RUNTIME_GATEWAY_ACCESS_FAILURE_THROTTLE_H_
#define RUNTIME_GATEWAY_ACCESS_FAILURE_THROTTLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace policy::gateway {

// Addresses followed at once; those beyond share one allowance.
inline constexpr std::size_t kThrottledAddressesMax = 4'096;

// A bucket an address (of IPv6 a /64, which is what one subscriber has): full at first, refilled
// evenly. Not thread-safe.
class FailureThrottle {
 public:
  explicit FailureThrottle(std::uint64_t failures_per_minute) : rate_(failures_per_minute) {}

  void set_rate(std::uint64_t failures_per_minute) { rate_ = failures_per_minute; }
  // Whether it has no failures left just now.
  bool IsThrottled(std::string_view address, std::int64_t now_ns);
  void CountFailure(std::string_view address, std::int64_t now_ns);

 private:
  struct Bucket {
    double used = 0;
    std::int64_t at_ns = 0;
  };
  static std::string_view KeyOf(std::string_view address);
  void Drain(Bucket& bucket, std::int64_t now_ns) const;
  Bucket& BucketOf(std::string_view address, std::int64_t now_ns);

  std::uint64_t rate_;
  std::unordered_map<std::string, Bucket> buckets_;
  Bucket shared_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_FAILURE_THROTTLE_H_
