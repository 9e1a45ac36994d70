// Wall clock and windows in a time zone, for the reference evaluator.
#ifndef TESTS_REFERENCE_CALENDAR_H_
#define TESTS_REFERENCE_CALENDAR_H_

#include <cstdint>
#include <optional>
#include <string>

namespace reference {

struct WallClock {
  int hour = 0;
  int minute = 0;
  std::string weekday;  // "Mon"
  std::string date;     // "2026-03-01"
};

WallClock WallClockAt(std::int64_t now_ns, const std::string& zone);

// "second", "minute", "hour", "day", "week", "month", "lifetime", or whole seconds as digits.
struct Window {
  std::int64_t begin_ns = 0;
  std::optional<std::int64_t> end_ns;  // none: never
};

Window WindowAt(const std::string& name, std::int64_t now_ns, const std::string& zone);

}  // namespace reference

#endif  // TESTS_REFERENCE_CALENDAR_H_
