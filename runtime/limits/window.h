// The calendar of one counter: which window an instant lies in.
//
// Windows are half-open, [start, end), and partition time: every instant lies in exactly one, also
// where local time jumps or repeats. Windows of seconds are aligned to the epoch.
#ifndef RUNTIME_LIMITS_WINDOW_H_
#define RUNTIME_LIMITS_WINDOW_H_

#include <cstdint>
#include <limits>
#include <optional>

#include "policy/counters.h"
#include "runtime/value/civil_time.h"

namespace policy {

// Unix nanoseconds, in the year 2255: later instants are taken for it.
inline constexpr std::int64_t kInstantMax = 9'000'000'000'000'000'000;

inline constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

// Unix seconds. A lifetime is {0, kNoEnd}.
struct Window {
  std::int64_t start_s = 0;
  std::int64_t end_s = kNoEnd;

  friend bool operator==(const Window&, const Window&) = default;
};

// Rounded down also below zero, unlike C++ division. REQUIRES: divisor > 0.
constexpr std::int64_t FloorDivide(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

constexpr std::int64_t FloorSeconds(std::int64_t nanoseconds) {
  return FloorDivide(nanoseconds, 1'000'000'000);
}

// Immutable and safe for concurrent use.
class WindowCalendar {
 public:
  // nullopt: a zone that this machine does not know, a window of no seconds, or one that a counter
  // of this kind cannot have.
  static std::optional<WindowCalendar> Make(const CounterIdentity& identity);

  // The window that holds the second `unix_s`. May look up the zone: not for the hot path.
  Window At(std::int64_t unix_s) const;

 private:
  WindowCalendar() = default;

  CounterWindow kind_ = CounterWindow::Lifetime;
  std::int64_t window_seconds_ = 0;
  std::optional<Zone> zone_;  // calendar windows
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_WINDOW_H_
