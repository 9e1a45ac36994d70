#include "runtime/limits/system_clock.h"

#include <time.h>

#include <utility>

#include "policy/check.h"

namespace policy {
namespace {

std::int64_t Read(clockid_t clock) {
  timespec now;
  CHECK(clock_gettime(clock, &now) == 0);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool AreNear(std::int64_t a_ns, std::int64_t b_ns) {
  return a_ns - b_ns <= SystemClock::kStepMinNanoseconds &&
         b_ns - a_ns <= SystemClock::kStepMinNanoseconds;
}

}  // namespace

SystemClock::Source SystemClock::SystemSource() {
  return {.wall_ns = [] { return Read(CLOCK_REALTIME); },
          .monotonic_ns = [] { return Read(CLOCK_BOOTTIME); }};
}

SystemClock::SystemClock(std::function<void(ClockStep)> on_step, Source source)
    : source_(source), on_step_(std::move(on_step)) {
  const std::int64_t monotonic_ns = source_.monotonic_ns();
  offset_ns_ = source_.wall_ns() - monotonic_ns;
  next_check_ns_ = monotonic_ns + kCheckIntervalNanoseconds;
}

void SystemClock::Check(std::int64_t monotonic_ns) {
  const std::unique_lock guard(mutex_, std::try_to_lock);
  if (!guard.owns_lock()) return;  // somebody is at it
  next_check_ns_ = monotonic_ns + kCheckIntervalNanoseconds;
  const std::int64_t offset_ns = source_.wall_ns() - source_.monotonic_ns();
  const std::int64_t step_ns = offset_ns - offset_ns_;
  if (AreNear(offset_ns, offset_ns_)) {
    offset_ns_ = offset_ns;
    has_candidate_ = false;
    return;
  }
  const bool is_same_step = has_candidate_ && AreNear(offset_ns, candidate_offset_ns_);
  if (!is_same_step) {
    has_candidate_ = true;
    candidate_offset_ns_ = offset_ns;
    candidate_since_ns_ = monotonic_ns;
    if (on_step_) on_step_({.step_ns = step_ns, .is_adopted = false});
    return;
  }
  if (monotonic_ns - candidate_since_ns_ < kStableTimeNanoseconds) return;
  offset_ns_ = offset_ns;
  has_candidate_ = false;
  if (on_step_) on_step_({.step_ns = step_ns, .is_adopted = true});
}

}  // namespace policy
