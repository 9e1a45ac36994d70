// Calendar time in a named zone: the fields that conditions see, and the windows that limits count
// in. Instants are nanoseconds since the Unix epoch.
#ifndef RUNTIME_VALUE_CIVIL_TIME_H_
#define RUNTIME_VALUE_CIVIL_TIME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace policy {

// A zone of the system's time zone database. A small value; valid for the life of the process;
// thread-safe.
class Zone {
 public:
  // `name` is an IANA name, "UTC" or "Europe/Berlin". nullopt: there is none of that name. Any but
  // "UTC" reads the whole data base, the first time that it is needed.
  static std::optional<Zone> Find(std::string_view name);
  static Zone Utc() { return Zone(nullptr); }

  bool is_utc() const { return zone_ == nullptr; }
  const date::time_zone* get() const { return zone_; }  // null: UTC
  friend bool operator==(Zone, Zone) = default;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

// What a clock on the wall and a calendar beside it show.
struct CivilTime {
  int year = 1970;
  int month = 1;    // 1..12
  int day = 1;      // 1..31
  int hour = 0;     // 0..23
  int minute = 0;   // 0..59
  int second = 0;   // 0..59
  int weekday = 0;  // 0 is Monday, 6 is Sunday

  friend bool operator==(const CivilTime&, const CivilTime&) = default;
};

CivilTime ToCivilTime(std::int64_t instant_ns, Zone zone);

// "Mon" to "Sun". Static storage. REQUIRES: 0 <= weekday <= 6.
std::string_view WeekdayName(int weekday);

// Room for "2026-03-01"; years are 1677 to 2262, so always ten bytes.
inline constexpr std::size_t kDateTextBytes = 10;
// Writes the date to `room`, which holds kDateTextBytes.
void WriteDate(const CivilTime& time, char* room);

enum class CalendarUnit : std::uint8_t { Day, Week, Month };  // weeks begin on Monday

// Half-open: begin_ns <= t < end_ns.
struct Interval {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

// The day, week or month of `zone` that holds the instant. The intervals of one unit and zone
// partition time: a day on which clocks change is 23 to 25 hours long; where midnight comes twice
// the first begins the day, where it is left out the first moment after it does.
Interval CalendarInterval(CalendarUnit unit, std::int64_t instant_ns, Zone zone);

// "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.25+01:00". nullopt: not RFC 3339, a date or time
// that does not exist (leap seconds count so), more than nine decimals, or beyond 64-bit
// nanoseconds.
std::optional<std::int64_t> ParseInstant(std::string_view text);

// A time on the wall of `zone`: "2026-03-01", "2026-03-01T10:00", "2026-03-01 10:00:00.25".
// nullopt: another form (an offset too), a date or time that does not exist, more than nine
// decimals, beyond 64-bit nanoseconds, or a moment that comes twice or never where clocks are
// changed.
std::optional<std::int64_t> ParseLocalTime(std::string_view text, Zone zone);

// The instant in UTC, with as many of three, six or nine decimals as it needs; parses back to the
// same.
std::string FormatInstant(std::int64_t instant_ns);

}  // namespace policy

#endif  // RUNTIME_VALUE_CIVIL_TIME_H_
