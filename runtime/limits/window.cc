#include "runtime/limits/window.h"

#include <date/date.h>
#include <date/tz.h>

#include <exception>

#include "policy/check.h"

namespace policy {
namespace {

// The first instant of the local day `day`.
std::int64_t StartOfDay(const date::time_zone* zone, date::local_days day) {
  const std::int64_t local_s = std::chrono::seconds(day.time_since_epoch()).count();
  if (zone == nullptr) return local_s;
  const date::local_info info = zone->get_info(date::local_seconds(day));
  if (info.result == date::local_info::nonexistent) {
    return info.first.end.time_since_epoch().count();
  }
  return local_s - info.first.offset.count();  // ambiguous: the first of the two is the earlier
}

date::local_days LocalDay(const date::time_zone* zone, std::int64_t unix_s) {
  const date::sys_seconds instant{std::chrono::seconds(unix_s)};
  const std::chrono::seconds offset =
      zone == nullptr ? std::chrono::seconds(0) : zone->get_info(instant).offset;
  return date::local_days(date::floor<date::days>(instant.time_since_epoch() + offset));
}

// The first day of the week or month that `day` lies in, or `day` itself.
date::local_days FirstDay(CounterWindow kind, date::local_days day) {
  switch (kind) {
    case CounterWindow::Week:
      return day - (date::weekday(day) - date::Monday);
    case CounterWindow::Month: {
      const date::year_month_day civil(day);
      return date::local_days(civil.year() / civil.month() / 1);
    }
    default:
      return day;
  }
}

date::local_days NextFirstDay(CounterWindow kind, date::local_days first) {
  switch (kind) {
    case CounterWindow::Week:
      return first + date::days(7);
    case CounterWindow::Month: {
      const date::year_month_day civil(first);
      return date::local_days((civil.year() / civil.month() + date::months(1)) / 1);
    }
    default:
      return first + date::days(1);
  }
}

}  // namespace

std::optional<WindowCalendar> WindowCalendar::Make(const CounterIdentity& identity) {
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
      if (identity.zone.empty() || identity.zone == "UTC") break;
      try {
        calendar.zone_ = date::locate_zone(identity.zone);
      } catch (const std::exception&) {  // the library's door: it throws for an unknown zone
        return std::nullopt;
      }
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
  // The local date is only a guess where clocks were set back over midnight: the last window that
  // has begun is the one. The loops take a step or two at most.
  date::local_days first = FirstDay(kind_, LocalDay(zone_, unix_s));
  while (StartOfDay(zone_, first) > unix_s) first = FirstDay(kind_, first - date::days(1));
  date::local_days next = NextFirstDay(kind_, first);
  while (StartOfDay(zone_, next) <= unix_s) {
    first = next;
    next = NextFirstDay(kind_, first);
  }
  const Window window{StartOfDay(zone_, first), StartOfDay(zone_, next)};
  DCHECK(window.start_s <= unix_s && unix_s < window.end_s);
  return window;
}

}  // namespace policy
