// A clock that stands still until it is moved.
#ifndef TESTS_UNIT_LIMITS_HAND_CLOCK_H_
#define TESTS_UNIT_LIMITS_HAND_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "runtime/limits/clock.h"

namespace policy {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kNoon = 1'772'366'400 * kSecond;  // 2026-03-01T12:00:00Z

// Safe for concurrent use.
class HandClock final : public Clock {
 public:
  std::int64_t WallNanoseconds() override { return wall_ns; }
  std::int64_t MonotonicNanoseconds() override { return monotonic_ns; }

  void Advance(std::int64_t nanoseconds) {
    wall_ns += nanoseconds;
    monotonic_ns += nanoseconds;
  }

  std::atomic<std::int64_t> wall_ns{kNoon};
  std::atomic<std::int64_t> monotonic_ns{0};
};

}  // namespace policy

#endif  // TESTS_UNIT_LIMITS_HAND_CLOCK_H_
