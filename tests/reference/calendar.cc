#include "tests/reference/calendar.h"

#include <date/tz.h>

#include <chrono>

namespace reference {
namespace {

using Nanoseconds = date::sys_time<std::chrono::nanoseconds>;

Nanoseconds At(std::int64_t now_ns) { return Nanoseconds(std::chrono::nanoseconds(now_ns)); }

// The instant at which the local day begins: where the clock jumps over midnight, the jump.
std::int64_t BeginOf(date::local_days day, const date::time_zone* zone) {
  const auto instant =
      zone->to_sys(date::local_time<std::chrono::nanoseconds>(day), date::choose::earliest);
  return instant.time_since_epoch().count();
}

std::int64_t Seconds(const std::string& name) {
  if (name == "second") return 1;
  if (name == "minute") return 60;
  if (name == "hour") return 3600;
  return std::stoll(name);
}

}  // namespace

WallClock WallClockAt(std::int64_t now_ns, const std::string& zone) {
  const auto local = date::locate_zone(zone)->to_local(At(now_ns));
  const auto day = date::floor<date::days>(local);
  const auto time = local - day;
  WallClock clock;
  clock.hour = static_cast<int>(std::chrono::floor<std::chrono::hours>(time).count());
  clock.minute = static_cast<int>(std::chrono::floor<std::chrono::minutes>(time).count() % 60);
  clock.weekday = date::format("%a", day);
  clock.date = date::format("%F", day);
  return clock;
}

Window WindowAt(const std::string& name, std::int64_t now_ns, const std::string& zone) {
  if (name == "lifetime") return {0, std::nullopt};
  if (name != "day" && name != "week" && name != "month") {
    const std::int64_t length_ns = Seconds(name) * 1'000'000'000;
    std::int64_t index = now_ns / length_ns;
    if (now_ns % length_ns < 0) --index;
    return {index * length_ns, (index + 1) * length_ns};
  }
  const date::time_zone* place = date::locate_zone(zone);
  const auto today = date::floor<date::days>(place->to_local(At(now_ns)));
  date::local_days first = today;
  date::local_days next = today + date::days(1);
  if (name == "week") {
    first = today - (date::weekday(today) - date::Monday);
    next = first + date::days(7);
  } else if (name == "month") {
    const date::year_month_day date(today);
    first = date::local_days(date.year() / date.month() / 1);
    next = date::local_days((date.year() / date.month() + date::months(1)) / 1);
  }
  return {BeginOf(first, place), BeginOf(next, place)};
}

}  // namespace reference
