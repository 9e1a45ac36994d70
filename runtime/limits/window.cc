#include "runtime/limits/window.h"

#include <algorithm>

#include "policy/check.h"

namespace policy {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// The calendar counts 64-bit nanoseconds, which end in 2262.
constexpr std::int64_t kInstantSecondsMax = kInstantMax / kNanosecondsPerSecond;

CalendarUnit UnitOf(CounterWindow window) {
  switch (window) {
    case CounterWindow::Week:
      return CalendarUnit::Week;
    case CounterWindow::Month:
      return CalendarUnit::Month;
    default:
      return CalendarUnit::Day;
  }
}

}  // namespace

std::optional<WindowCalendar> WindowCalendar::Make(const CounterIdentity& identity) {
  const bool is_span =
      identity.window == CounterWindow::Seconds && identity.window_seconds <= kKindWindowSecondsMax;
  switch (identity.kind) {
    case CounterKind::Fixed:
      break;
    case CounterKind::Sliding:
    case CounterKind::Bucket:
      if (!is_span) return std::nullopt;
      break;
    case CounterKind::Concurrency:
      if (identity.window != CounterWindow::Lifetime) return std::nullopt;
      break;
  }
  WindowCalendar calendar;
  calendar.kind_ = identity.window;
  switch (identity.window) {
    case CounterWindow::Seconds:
      if (identity.window_seconds == 0) return std::nullopt;
      calendar.window_seconds_ = identity.window_seconds;
      break;
    case CounterWindow::Day:
    case CounterWindow::Week:
    case CounterWindow::Month:
      calendar.zone_ = Zone::Find(identity.zone.empty() ? "UTC" : identity.zone);
      if (!calendar.zone_) return std::nullopt;
      break;
    case CounterWindow::Lifetime:
      break;
  }
  return calendar;
}

Window WindowCalendar::At(std::int64_t unix_s) const {
  if (kind_ == CounterWindow::Lifetime) return {0, kNoEnd};
  if (kind_ == CounterWindow::Seconds) {
    const std::int64_t start_s = FloorDivide(unix_s, window_seconds_) * window_seconds_;
    return {start_s, start_s + window_seconds_};
  }
  const std::int64_t asked_s = std::clamp(unix_s, -kInstantSecondsMax, kInstantSecondsMax);
  const Interval interval =
      CalendarInterval(UnitOf(kind_), asked_s * kNanosecondsPerSecond, *zone_);
  const Window window{FloorSeconds(interval.begin_ns), FloorSeconds(interval.end_ns)};
  DCHECK(window.start_s <= asked_s && asked_s < window.end_s);
  return window;
}

}  // namespace policy
