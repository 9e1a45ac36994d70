// The clock of the machine, guarded against steps.
//
// The wall clock is the monotonic one plus an offset that is compared with the system's every
// kCheckIntervalNanoseconds. A difference up to kStepMinNanoseconds is taken over as it is
// (slewing, a leap second). A larger one is a step: somebody set the clock, or it was wrong. A new
// offset counts only when it has stood for kStableTimeNanoseconds; until then time goes on as
// before, so that a clock that is set forward and back opens no window.
#ifndef RUNTIME_LIMITS_SYSTEM_CLOCK_H_
#define RUNTIME_LIMITS_SYSTEM_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

#include "runtime/limits/clock.h"

namespace policy {

struct ClockStep {
  std::int64_t step_ns = 0;  // the system's wall clock less ours
  bool is_adopted = false;   // false: seen for the first time
};

// Thread safety: every function may be called at any time by any thread; the callback comes from
// any of them, one at a time, and must not read this clock.
class SystemClock final : public Clock {
 public:
  // What is read from the system; tests give their own.
  struct Source {
    std::int64_t (*wall_ns)();
    std::int64_t (*monotonic_ns)();
  };
  static Source SystemSource();  // CLOCK_REALTIME, CLOCK_BOOTTIME

  static constexpr std::int64_t kStepMinNanoseconds = 1'000'000'000;
  static constexpr std::int64_t kCheckIntervalNanoseconds = 100'000'000;
  static constexpr std::int64_t kStableTimeNanoseconds = 10'000'000'000;

  explicit SystemClock(std::function<void(ClockStep)> on_step = {}, Source source = SystemSource());

  std::int64_t WallNanoseconds() override {
    const std::int64_t monotonic_ns = source_.monotonic_ns();
    if (monotonic_ns >= next_check_ns_.load(std::memory_order_relaxed)) [[unlikely]] {
      Check(monotonic_ns);
    }
    return monotonic_ns + offset_ns_.load(std::memory_order_relaxed);
  }
  std::int64_t MonotonicNanoseconds() override { return source_.monotonic_ns(); }

 private:
  void Check(std::int64_t monotonic_ns);

  const Source source_;
  const std::function<void(ClockStep)> on_step_;
  std::atomic<std::int64_t> offset_ns_;
  std::atomic<std::int64_t> next_check_ns_;
  std::mutex mutex_;  // over the rest
  std::int64_t candidate_offset_ns_ = 0;
  std::int64_t candidate_since_ns_ = 0;
  bool has_candidate_ = false;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_SYSTEM_CLOCK_H_
