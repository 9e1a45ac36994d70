#include "runtime/value/civil_time.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

#include "policy/check.h"

namespace policy {

namespace {

using Nanoseconds = std::chrono::nanoseconds;
using Seconds = std::chrono::seconds;

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

// The zone's offset holds from `begin` to `end`; kept per thread, because consecutive calls ask for
// the same one and the look-up costs more than the arithmetic.
struct OffsetSpan {
  const date::time_zone* zone = nullptr;
  date::sys_seconds begin;
  date::sys_seconds end;
  Seconds offset{};
};

Seconds OffsetAt(date::sys_seconds instant, Zone zone) {
  if (zone.is_utc()) return {};
  thread_local OffsetSpan kept;
  if (kept.zone != zone.get() || instant < kept.begin || instant >= kept.end) {
    const date::sys_info info = zone.get()->get_info(instant);
    kept = {zone.get(), info.begin, info.end, info.offset};
  }
  return kept.offset;
}

date::sys_seconds FloorToSeconds(std::int64_t instant_ns) {
  return date::floor<Seconds>(date::sys_time<Nanoseconds>(Nanoseconds(instant_ns)));
}

date::local_seconds ToLocal(date::sys_seconds instant, Zone zone) {
  return date::local_seconds(instant.time_since_epoch() + OffsetAt(instant, zone));
}

// The first moment of the local day: at midnight, or where midnight is left out, right after.
date::sys_seconds BeginOf(date::local_days day, Zone zone) {
  if (zone.is_utc()) return date::sys_seconds(date::local_seconds(day).time_since_epoch());
  return zone.get()->to_sys(date::local_seconds(day), date::choose::earliest);
}

// The first local day of the unit that holds `day`, moved by `step` units.
date::local_days FirstDay(CalendarUnit unit, date::local_days day, int step) {
  switch (unit) {
    case CalendarUnit::Day:
      return day + date::days(step);
    case CalendarUnit::Week:
      return day - (date::weekday(day) - date::Monday) + date::weeks(step);
    case CalendarUnit::Month: {
      const date::year_month_day ymd(day);
      const auto month = date::year_month(ymd.year(), ymd.month()) + date::months(step);
      return date::local_days(month / 1);
    }
  }
  CHECK(false);
}

std::int64_t ToNanoseconds(date::sys_seconds instant) {
  // Only the intervals around the very ends of the 64-bit range are cut.
  const std::int64_t seconds = instant.time_since_epoch().count();
  std::int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(seconds, kNanosecondsPerSecond, &nanoseconds)) {
    return seconds < 0 ? INT64_MIN : INT64_MAX;
  }
  return nanoseconds;
}

// Reads fixed-width fields of digits; `ok` goes false at the first that is not there.
struct FieldReader {
  std::string_view rest;
  bool ok = true;

  int Number(std::size_t digits) {
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest.size() || rest[i] < '0' || rest[i] > '9') {
        ok = false;
        return 0;
      }
      number = number * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(digits);
    return number;
  }
  void Mark(std::string_view any_of) {
    if (rest.empty() || !any_of.contains(rest.front())) {
      ok = false;
      return;
    }
    rest.remove_prefix(1);
  }
};

std::int64_t ReadFraction(FieldReader& reader) {
  if (!reader.rest.starts_with('.')) return 0;
  reader.rest.remove_prefix(1);
  std::int64_t nanoseconds = 0;
  std::size_t digits = 0;
  while (digits < reader.rest.size() && reader.rest[digits] >= '0' && reader.rest[digits] <= '9') {
    if (digits < 9) nanoseconds = nanoseconds * 10 + (reader.rest[digits] - '0');
    ++digits;
  }
  if (digits == 0 || digits > 9) reader.ok = false;
  for (std::size_t i = digits; i < 9; ++i) nanoseconds *= 10;
  reader.rest.remove_prefix(digits);
  return nanoseconds;
}

std::int64_t ReadOffsetSeconds(FieldReader& reader) {
  if (reader.rest == "Z" || reader.rest == "z") {
    reader.rest.remove_prefix(1);
    return 0;
  }
  const bool is_west = reader.rest.starts_with('-');
  reader.Mark("+-");
  const int hours = reader.Number(2);
  reader.Mark(":");
  const int minutes = reader.Number(2);
  if (hours > 23 || minutes > 59) reader.ok = false;
  const std::int64_t offset = hours * 3600 + minutes * 60;
  return is_west ? -offset : offset;
}

// The days from the epoch; nullopt where there is no such day. `reader.ok` says whether it is one
// at all.
std::optional<std::int64_t> ReadDate(FieldReader& reader) {
  const int year = reader.Number(4);
  reader.Mark("-");
  const int month = reader.Number(2);
  reader.Mark("-");
  const int day = reader.Number(2);
  const date::year_month_day ymd{date::year(year), date::month(static_cast<unsigned>(month)),
                                 date::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return std::nullopt;
  return date::sys_days(ymd).time_since_epoch().count();
}

struct TimeOfDay {
  std::int64_t seconds = 0;
  std::int64_t fraction_ns = 0;
};

TimeOfDay ReadHourAndMinute(FieldReader& reader) {
  const int hour = reader.Number(2);
  reader.Mark(":");
  const int minute = reader.Number(2);
  if (hour > 23 || minute > 59) reader.ok = false;
  return {.seconds = hour * 3600 + minute * 60};
}

void ReadSecond(FieldReader& reader, TimeOfDay& time) {
  reader.Mark(":");
  const int second = reader.Number(2);
  if (second > 59) reader.ok = false;
  time.seconds += second;
  time.fraction_ns = ReadFraction(reader);
}

// nullopt: beyond 64-bit nanoseconds.
std::optional<std::int64_t> Join(std::int64_t seconds, std::int64_t fraction_ns) {
  // The lowest instant's own second begins out of range.
  const __int128 instant_ns = __int128{seconds} * kNanosecondsPerSecond + fraction_ns;
  const auto fits = static_cast<std::int64_t>(instant_ns);
  return fits == instant_ns ? std::optional(fits) : std::nullopt;
}

// nullopt where the local time comes twice or never.
std::optional<Seconds> OffsetOfLocal(date::local_seconds local, Zone zone) {
  if (zone.is_utc()) return Seconds{};
  const date::local_info info = zone.get()->get_info(local);
  if (info.result != date::local_info::unique) return std::nullopt;
  return info.first.offset;
}

}  // namespace

std::optional<Zone> Zone::Find(std::string_view name) {
  if (name == "UTC") return Utc();
  try {
    return Zone(date::locate_zone(name));
  } catch (const std::runtime_error&) {  // what the library throws for a name that it has not
    return std::nullopt;
  }
}

CivilTime ToCivilTime(std::int64_t instant_ns, Zone zone) {
  const date::local_seconds local = ToLocal(FloorToSeconds(instant_ns), zone);
  const auto day = date::floor<date::days>(local);
  const date::year_month_day ymd(day);
  const date::hh_mm_ss<Seconds> time(local - day);
  CivilTime civil;
  civil.year = static_cast<int>(ymd.year());
  civil.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  civil.hour = static_cast<int>(time.hours().count());
  civil.minute = static_cast<int>(time.minutes().count());
  civil.second = static_cast<int>(time.seconds().count());
  civil.weekday = static_cast<int>((date::weekday(day) - date::Monday).count());
  return civil;
}

std::string_view WeekdayName(int weekday) {
  static constexpr std::array<std::string_view, 7> kNames = {"Mon", "Tue", "Wed", "Thu",
                                                             "Fri", "Sat", "Sun"};
  return kNames[static_cast<std::size_t>(weekday)];
}

void WriteDate(const CivilTime& time, char* room) {
  const auto write = [&room](int number, int digits) {
    for (int i = digits - 1; i >= 0; --i, number /= 10) {
      room[i] = static_cast<char>('0' + number % 10);
    }
    room += digits;
  };
  write(time.year, 4);
  *room++ = '-';
  write(time.month, 2);
  *room++ = '-';
  write(time.day, 2);
}

Interval CalendarInterval(CalendarUnit unit, std::int64_t instant_ns, Zone zone) {
  const date::sys_seconds instant = FloorToSeconds(instant_ns);
  const auto day = date::floor<date::days>(ToLocal(instant, zone));
  date::local_days first = FirstDay(unit, day, 0);
  date::local_days next = FirstDay(unit, day, 1);
  date::sys_seconds begin = BeginOf(first, zone);
  date::sys_seconds end = BeginOf(next, zone);
  // Where clocks are set back across midnight the local date of an instant may be the day before
  // the one that has already begun; a day that is left out altogether has no instants.
  while (instant >= end) {
    first = next;
    next = FirstDay(unit, first, 1);
    begin = end;
    end = BeginOf(next, zone);
  }
  while (instant < begin) {
    next = first;
    first = FirstDay(unit, first, -1);
    end = begin;
    begin = BeginOf(first, zone);
  }
  return {ToNanoseconds(begin), ToNanoseconds(end)};
}

std::optional<std::int64_t> ParseInstant(std::string_view text) {
  FieldReader reader{text};
  const auto days = ReadDate(reader);
  reader.Mark("Tt");
  TimeOfDay time = ReadHourAndMinute(reader);
  ReadSecond(reader, time);
  const std::int64_t offset_s = ReadOffsetSeconds(reader);
  if (!reader.ok || !reader.rest.empty() || !days) return std::nullopt;
  return Join(*days * kSecondsPerDay + time.seconds - offset_s, time.fraction_ns);
}

std::optional<std::int64_t> ParseLocalTime(std::string_view text, Zone zone) {
  FieldReader reader{text};
  const auto days = ReadDate(reader);
  TimeOfDay time;
  if (!reader.rest.empty()) {
    reader.Mark("Tt ");
    time = ReadHourAndMinute(reader);
    if (!reader.rest.empty()) ReadSecond(reader, time);
  }
  if (!reader.ok || !reader.rest.empty() || !days) return std::nullopt;
  const Seconds local(*days * kSecondsPerDay + time.seconds);
  const auto offset = OffsetOfLocal(date::local_seconds(local), zone);
  if (!offset) return std::nullopt;
  return Join((local - *offset).count(), time.fraction_ns);
}

std::string FormatInstant(std::int64_t instant_ns) {
  const CivilTime t = ToCivilTime(instant_ns, Zone::Utc());
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.year, t.month, t.day,
                                 t.hour, t.minute, t.second);
  std::int64_t fraction_ns = instant_ns % kNanosecondsPerSecond;
  if (fraction_ns < 0) fraction_ns += kNanosecondsPerSecond;
  if (fraction_ns == 0) return text + "Z";
  if (fraction_ns % 1'000'000 == 0) return text + fmt::format(".{:03}Z", fraction_ns / 1'000'000);
  if (fraction_ns % 1'000 == 0) return text + fmt::format(".{:06}Z", fraction_ns / 1'000);
  return text + fmt::format(".{:09}Z", fraction_ns);
}

}  // namespace policy
