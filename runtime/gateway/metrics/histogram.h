// Times in buckets that grow by a quarter of a power of two: log-linear, no locks.
#ifndef RUNTIME_GATEWAY_METRICS_HISTOGRAM_H_
#define RUNTIME_GATEWAY_METRICS_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace policy::gateway {

// One thread records, any thread reads. Nanoseconds; a bucket is at most 25 % wide.
class Histogram {
 public:
  static constexpr int kStepBits = 2;  // buckets of a power of two: 4
  static constexpr int kSteps = 1 << kStepBits;
  static constexpr int kPowersMax = 40;  // beyond 2^40 ns, 18 minutes, there is one bucket
  static constexpr std::size_t kBuckets =
      static_cast<std::size_t>(kPowersMax - kStepBits + 1) * kSteps + 1;

  // The bucket of a time; below 0 counts as 0.
  static constexpr std::size_t BucketOf(std::int64_t nanoseconds) {
    if (nanoseconds < kSteps) {
      return nanoseconds < 0 ? 0 : static_cast<std::size_t>(nanoseconds);
    }
    const auto value = static_cast<std::uint64_t>(nanoseconds);
    const int power = static_cast<int>(std::bit_width(value)) - 1;
    if (power >= kPowersMax) return kBuckets - 1;
    const auto step = static_cast<std::size_t>((value >> (power - kStepBits)) & (kSteps - 1));
    return static_cast<std::size_t>(power - kStepBits + 1) * static_cast<std::size_t>(kSteps) +
           step;
  }
  // The first time that is past a bucket, in nanoseconds; of the last one the greatest number.
  static constexpr std::int64_t EndOf(std::size_t bucket) {
    if (bucket >= kBuckets - 1) return INT64_MAX;
    const auto number = static_cast<std::int64_t>(bucket);
    if (number < kSteps) return number + 1;
    const std::int64_t power = number / kSteps + kStepBits - 1;
    const std::int64_t step = number % kSteps;
    return (kSteps + step + 1) << (power - kStepBits);
  }

  void Record(std::int64_t nanoseconds) {
    Add(buckets_[BucketOf(nanoseconds)], 1);
    Add(sum_, nanoseconds < 0 ? 0 : nanoseconds);
  }
  std::int64_t count(std::size_t bucket) const {
    return buckets_[bucket].load(std::memory_order_relaxed);
  }
  std::int64_t sum_ns() const { return sum_.load(std::memory_order_relaxed); }

 private:
  static void Add(std::atomic<std::int64_t>& to, std::int64_t amount) {
    to.store(to.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::array<std::atomic<std::int64_t>, kBuckets> buckets_{};
  std::atomic<std::int64_t> sum_ = 0;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_METRICS_HISTOGRAM_H_
