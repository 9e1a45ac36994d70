#include "runtime/value/civil_time.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy {
namespace {

std::int64_t At(const char* text) { return ParseInstant(text).value(); }

std::string DateOf(const CivilTime& time) {
  std::string text(kDateTextBytes, '?');
  WriteDate(time, text.data());
  return text;
}

TEST_CASE("zones are known by name") {
  for (const char* name : {"UTC", "Etc/UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"}) {
    CAPTURE(name);
    CHECK(Zone::Find(name).has_value());
  }
  for (const char* name : {"", "Europe", "Europe/Nowhere", "../../etc/passwd", "/etc/localtime",
                           "europe/berlin", "UTC "}) {
    CAPTURE(name);
    CHECK_FALSE(Zone::Find(name).has_value());
  }
}

TEST_CASE("instants show as people say them") {
  struct Row {
    const char* instant;
    const char* zone;
    const char* date;
    int hour;
    int minute;
    const char* weekday;
  };
  const Row rows[] = {{"2026-03-01T10:00:00Z", "UTC", "2026-03-01", 10, 0, "Sun"},
                      {"2026-03-01T23:30:00Z", "Europe/Berlin", "2026-03-02", 0, 30, "Mon"},
                      {"2026-07-01T12:00:00Z", "Europe/Berlin", "2026-07-01", 14, 0, "Wed"},
                      {"2035-07-01T12:00:00Z", "Europe/Berlin", "2035-07-01", 14, 0, "Sun"},
                      {"2026-03-29T00:59:59Z", "Europe/Berlin", "2026-03-29", 1, 59, "Sun"},
                      {"2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-29", 3, 0, "Sun"},
                      {"2026-01-01T00:00:00Z", "Asia/Kolkata", "2026-01-01", 5, 30, "Thu"},
                      {"1969-12-31T23:59:59.5Z", "UTC", "1969-12-31", 23, 59, "Wed"},
                      {"2024-02-29T00:00:00Z", "America/New_York", "2024-02-28", 19, 0, "Wed"}};
  for (const Row& row : rows) {
    CAPTURE(row.instant, row.zone);
    const CivilTime time = ToCivilTime(At(row.instant), Zone::Find(row.zone).value());
    CHECK(DateOf(time) == row.date);
    CHECK(time.hour == row.hour);
    CHECK(time.minute == row.minute);
    CHECK(WeekdayName(time.weekday) == row.weekday);
  }
}

TEST_CASE("calendar intervals hold the instant and follow the zone's clocks") {
  struct Row {
    CalendarUnit unit;
    const char* instant;
    const char* zone;
    const char* begin;
    const char* end;
  };
  const Row rows[] = {
      {CalendarUnit::Day, "2026-03-01T10:00:00Z", "UTC", "2026-03-01T00:00:00Z",
       "2026-03-02T00:00:00Z"},
      {CalendarUnit::Day, "2026-03-01T00:00:00Z", "UTC", "2026-03-01T00:00:00Z",
       "2026-03-02T00:00:00Z"},
      {CalendarUnit::Day, "2026-02-28T23:59:59.999999999Z", "UTC", "2026-02-28T00:00:00Z",
       "2026-03-01T00:00:00Z"},
      // 23 and 25 hours
      {CalendarUnit::Day, "2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-28T23:00:00Z",
       "2026-03-29T22:00:00Z"},
      {CalendarUnit::Day, "2026-10-25T12:00:00Z", "Europe/Berlin", "2026-10-24T22:00:00Z",
       "2026-10-25T23:00:00Z"},
      // Monday to Monday
      {CalendarUnit::Week, "2026-03-01T10:00:00Z", "UTC", "2026-02-23T00:00:00Z",
       "2026-03-02T00:00:00Z"},
      {CalendarUnit::Week, "2026-03-02T00:00:00Z", "UTC", "2026-03-02T00:00:00Z",
       "2026-03-09T00:00:00Z"},
      {CalendarUnit::Month, "2026-02-11T00:00:00Z", "UTC", "2026-02-01T00:00:00Z",
       "2026-03-01T00:00:00Z"},
      {CalendarUnit::Month, "2026-12-31T23:30:00Z", "Europe/Berlin", "2026-12-31T23:00:00Z",
       "2027-01-31T23:00:00Z"},
      // Midnight is left out (00:00 goes to 01:00)
      {CalendarUnit::Day, "2018-11-04T12:00:00Z", "America/Sao_Paulo", "2018-11-04T03:00:00Z",
       "2018-11-05T02:00:00Z"},
      // Midnight comes twice (01:00 goes to 00:00)
      {CalendarUnit::Day, "2025-11-02T12:00:00Z", "America/Havana", "2025-11-02T04:00:00Z",
       "2025-11-03T05:00:00Z"},
      // A day that never was (30 December 2011)
      {CalendarUnit::Day, "2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29T10:00:00Z",
       "2011-12-30T10:00:00Z"},
      {CalendarUnit::Day, "2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00Z",
       "2011-12-31T10:00:00Z"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.instant, row.zone);
    const Interval got = CalendarInterval(row.unit, At(row.instant), Zone::Find(row.zone).value());
    CHECK(FormatInstant(got.begin_ns) == row.begin);
    CHECK(FormatInstant(got.end_ns) == row.end);
  }
}

TEST_CASE("UTC needs no data base, and is what the data base calls it") {
  CHECK(Zone::Find("UTC").value().is_utc());
  const Zone known = Zone::Find("Etc/UTC").value();
  CHECK_FALSE(known.is_utc());
  const std::int64_t step = 47'123'456'789'123;  // about 13 hours
  for (std::int64_t t = At("1680-01-01T00:00:00Z"); t < At("2260-01-01T00:00:00Z"); t += step) {
    if (ToCivilTime(t, Zone::Utc()) != ToCivilTime(t, known)) FAIL(FormatInstant(t));
    for (const CalendarUnit unit : {CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month}) {
      const Interval got = CalendarInterval(unit, t, Zone::Utc());
      if (got != CalendarInterval(unit, t, known)) FAIL(FormatInstant(t));
    }
  }
}

// Half an hour at a time through years with every kind of change, set back across midnight
// included.
TEST_CASE("calendar intervals partition time") {
  for (const char* name : {"Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Pacific/Apia",
                           "America/St_Johns", "Asia/Tehran", "Australia/Lord_Howe"}) {
    const Zone zone = Zone::Find(name).value();
    for (const CalendarUnit unit : {CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month}) {
      Interval last{};
      const std::int64_t step = 1'800'000'000'000;
      for (std::int64_t t = At("2005-12-30T00:00:00Z"); t < At("2012-02-01T00:00:00Z"); t += step) {
        const Interval now = CalendarInterval(unit, t, zone);
        if (t < now.begin_ns || t >= now.end_ns) FAIL(name << " " << FormatInstant(t));
        if (last.end_ns != 0 && now != last && now.begin_ns != last.end_ns) {
          FAIL(name << " gap at " << FormatInstant(t));
        }
        last = now;
      }
    }
  }
}

TEST_CASE("RFC 3339") {
  struct Row {
    const char* text;
    std::optional<std::int64_t> want;
  };
  const Row rows[] = {{"1970-01-01T00:00:00Z", 0},
                      {"1970-01-01t00:00:00.5z", 500'000'000},
                      {"1970-01-01T00:00:00.123456789Z", 123'456'789},
                      {"1970-01-01T01:00:00+01:00", 0},
                      {"1969-12-31T19:00:00-05:00", 0},
                      {"1970-01-01T00:00:00-00:00", 0},
                      {"2024-02-29T00:00:00Z", 1'709'164'800'000'000'000},
                      {"2023-02-29T00:00:00Z", std::nullopt},
                      {"2026-13-01T00:00:00Z", std::nullopt},
                      {"2026-00-01T00:00:00Z", std::nullopt},
                      {"2026-01-01T24:00:00Z", std::nullopt},
                      {"2026-01-01T00:60:00Z", std::nullopt},
                      {"2016-12-31T23:59:60Z", std::nullopt},
                      {"2026-01-01T00:00:00", std::nullopt},
                      {"2026-01-01 00:00:00Z", std::nullopt},
                      {"2026-01-01T00:00Z", std::nullopt},
                      {"2026-01-01T00:00:00.Z", std::nullopt},
                      {"2026-01-01T00:00:00.1234567891Z", std::nullopt},
                      {"2026-01-01T00:00:00+0100", std::nullopt},
                      {"2026-01-01T00:00:00+24:00", std::nullopt},
                      {"2026-01-01T00:00:00Zx", std::nullopt},
                      {"9999-01-01T00:00:00Z", std::nullopt},
                      {"", std::nullopt},
                      {"now", std::nullopt}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(ParseInstant(row.text) == row.want);
  }
  for (const char* text : {"2026-03-01T10:00:00Z", "2026-03-01T10:00:00.250Z",
                           "1969-12-31T23:59:59.000001Z", "2026-03-01T10:00:00.000000001Z"}) {
    CHECK(FormatInstant(At(text)) == text);
  }
}

}  // namespace
}  // namespace policy
