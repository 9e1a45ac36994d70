#include "runtime/limits/window.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy {
namespace {

CounterIdentity Identity(CounterWindow window, std::string zone) {
  return {.attachment = "",
          .name = "c",
          .window = window,
          .window_seconds = 0,
          .zone = std::move(zone),
          .scale = 0,
          .scope = "grant"};
}

struct Case {
  const char* zone;
  CounterWindow window;
  std::int64_t unix_s;
  std::int64_t start_s;
  std::int64_t end_s;
};

// Found by walking through time minute by minute with Python's zoneinfo: ten zones and their
// oddities. Clocks set at midnight (Sao Paulo, Havana, Cairo, Tehran), back over midnight (St.
// John's), by half an hour (Lord Howe), a day left out (Apia, 30 December 2011), leap days.
constexpr Case kCases[] = {
    {"UTC", CounterWindow::Day, 1835438400, 1835395200, 1835481600},
    {"UTC", CounterWindow::Week, 1835438400, 1835308800, 1835913600},
    {"UTC", CounterWindow::Month, 1835438400, 1832976000, 1835481600},
    {"UTC", CounterWindow::Day, 1830297540, 1830211200, 1830297600},
    {"UTC", CounterWindow::Week, 1830297540, 1829865600, 1830470400},
    {"UTC", CounterWindow::Month, 1830297540, 1827619200, 1830297600},
    {"UTC", CounterWindow::Day, -60, -86400, 0},
    {"UTC", CounterWindow::Week, -60, -259200, 345600},
    {"UTC", CounterWindow::Month, -60, -2678400, 0},
    {"Europe/Berlin", CounterWindow::Day, 1774744200, 1774738800, 1774821600},
    {"Europe/Berlin", CounterWindow::Week, 1774744200, 1774220400, 1774821600},
    {"Europe/Berlin", CounterWindow::Month, 1774744200, 1772319600, 1774994400},
    {"Europe/Berlin", CounterWindow::Day, 1792888200, 1792879200, 1792969200},
    {"Europe/Berlin", CounterWindow::Week, 1792888200, 1792360800, 1792969200},
    {"Europe/Berlin", CounterWindow::Month, 1792888200, 1790805600, 1793487600},
    {"Europe/Berlin", CounterWindow::Day, 1835477940, 1835391600, 1835478000},
    {"Europe/Berlin", CounterWindow::Week, 1835477940, 1835305200, 1835910000},
    {"Europe/Berlin", CounterWindow::Month, 1835477940, 1832972400, 1835478000},
    {"Europe/Berlin", CounterWindow::Day, 1835478000, 1835478000, 1835564400},
    {"Europe/Berlin", CounterWindow::Week, 1835478000, 1835305200, 1835910000},
    {"Europe/Berlin", CounterWindow::Month, 1835478000, 1835478000, 1838152800},
    {"America/New_York", CounterWindow::Day, 1772953200, 1772946000, 1773028800},
    {"America/New_York", CounterWindow::Week, 1772953200, 1772427600, 1773028800},
    {"America/New_York", CounterWindow::Month, 1772953200, 1772341200, 1775016000},
    {"America/New_York", CounterWindow::Day, 1793511000, 1793505600, 1793595600},
    {"America/New_York", CounterWindow::Week, 1793511000, 1792987200, 1793595600},
    {"America/New_York", CounterWindow::Month, 1793511000, 1793505600, 1796101200},
    {"Australia/Lord_Howe", CounterWindow::Day, 1775314200, 1775307600, 1775395800},
    {"Australia/Lord_Howe", CounterWindow::Week, 1775314200, 1774789200, 1775395800},
    {"Australia/Lord_Howe", CounterWindow::Month, 1775314200, 1774962000, 1777555800},
    {"Australia/Lord_Howe", CounterWindow::Day, 1791040800, 1791034200, 1791118800},
    {"Australia/Lord_Howe", CounterWindow::Week, 1791040800, 1790515800, 1791118800},
    {"Australia/Lord_Howe", CounterWindow::Month, 1791040800, 1790775000, 1793451600},
    {"America/Sao_Paulo", CounterWindow::Day, 1541300340, 1541214000, 1541300400},
    {"America/Sao_Paulo", CounterWindow::Week, 1541300340, 1540782000, 1541383200},
    {"America/Sao_Paulo", CounterWindow::Month, 1541300340, 1541041200, 1543629600},
    {"America/Sao_Paulo", CounterWindow::Day, 1541300400, 1541300400, 1541383200},
    {"America/Sao_Paulo", CounterWindow::Week, 1541300400, 1540782000, 1541383200},
    {"America/Sao_Paulo", CounterWindow::Month, 1541300400, 1541041200, 1543629600},
    {"America/Sao_Paulo", CounterWindow::Day, 1518917400, 1518832800, 1518922800},
    {"America/Sao_Paulo", CounterWindow::Week, 1518917400, 1518400800, 1519009200},
    {"America/Sao_Paulo", CounterWindow::Month, 1518917400, 1517450400, 1519873200},
    {"America/Havana", CounterWindow::Day, 1710046740, 1709960400, 1710046800},
    {"America/Havana", CounterWindow::Week, 1710046740, 1709528400, 1710129600},
    {"America/Havana", CounterWindow::Month, 1710046740, 1709269200, 1711944000},
    {"America/Havana", CounterWindow::Day, 1710046800, 1710046800, 1710129600},
    {"America/Havana", CounterWindow::Week, 1710046800, 1709528400, 1710129600},
    {"America/Havana", CounterWindow::Month, 1710046800, 1709269200, 1711944000},
    {"America/Havana", CounterWindow::Day, 1730608200, 1730606400, 1730696400},
    {"America/Havana", CounterWindow::Week, 1730608200, 1730088000, 1730696400},
    {"America/Havana", CounterWindow::Month, 1730608200, 1730433600, 1733029200},
    {"America/Havana", CounterWindow::Day, 1730611800, 1730606400, 1730696400},
    {"America/Havana", CounterWindow::Week, 1730611800, 1730088000, 1730696400},
    {"America/Havana", CounterWindow::Month, 1730611800, 1730433600, 1733029200},
    {"Pacific/Apia", CounterWindow::Day, 1325239140, 1325152800, 1325239200},
    {"Pacific/Apia", CounterWindow::Week, 1325239140, 1324893600, 1325412000},
    {"Pacific/Apia", CounterWindow::Month, 1325239140, 1322733600, 1325325600},
    {"Pacific/Apia", CounterWindow::Day, 1325239200, 1325239200, 1325325600},
    {"Pacific/Apia", CounterWindow::Week, 1325239200, 1324893600, 1325412000},
    {"Pacific/Apia", CounterWindow::Month, 1325239200, 1322733600, 1325325600},
    {"Pacific/Apia", CounterWindow::Day, 1325332800, 1325325600, 1325412000},
    {"Pacific/Apia", CounterWindow::Week, 1325332800, 1324893600, 1325412000},
    {"Pacific/Apia", CounterWindow::Month, 1325332800, 1325325600, 1328004000},
    {"America/St_Johns", CounterWindow::Day, 1289097000, 1289097000, 1289187000},
    {"America/St_Johns", CounterWindow::Week, 1289097000, 1288578600, 1289187000},
    {"America/St_Johns", CounterWindow::Month, 1289097000, 1288578600, 1291174200},
    {"America/St_Johns", CounterWindow::Day, 1289098800, 1289097000, 1289187000},
    {"America/St_Johns", CounterWindow::Week, 1289098800, 1288578600, 1289187000},
    {"America/St_Johns", CounterWindow::Month, 1289098800, 1288578600, 1291174200},
    {"America/St_Johns", CounterWindow::Day, 1289100540, 1289097000, 1289187000},
    {"America/St_Johns", CounterWindow::Week, 1289100540, 1288578600, 1289187000},
    {"America/St_Johns", CounterWindow::Month, 1289100540, 1288578600, 1291174200},
    {"Asia/Kolkata", CounterWindow::Day, 1782844140, 1782757800, 1782844200},
    {"Asia/Kolkata", CounterWindow::Week, 1782844140, 1782671400, 1783276200},
    {"Asia/Kolkata", CounterWindow::Month, 1782844140, 1780252200, 1782844200},
    {"Asia/Kolkata", CounterWindow::Day, 1782844200, 1782844200, 1782930600},
    {"Asia/Kolkata", CounterWindow::Week, 1782844200, 1782671400, 1783276200},
    {"Asia/Kolkata", CounterWindow::Month, 1782844200, 1782844200, 1785522600},
    {"Africa/Cairo", CounterWindow::Day, 1714082340, 1713996000, 1714082400},
    {"Africa/Cairo", CounterWindow::Week, 1714082340, 1713736800, 1714338000},
    {"Africa/Cairo", CounterWindow::Month, 1714082340, 1711922400, 1714510800},
    {"Africa/Cairo", CounterWindow::Day, 1714082400, 1714082400, 1714165200},
    {"Africa/Cairo", CounterWindow::Week, 1714082400, 1713736800, 1714338000},
    {"Africa/Cairo", CounterWindow::Month, 1714082400, 1711922400, 1714510800},
    {"Africa/Cairo", CounterWindow::Day, 1730406600, 1730322000, 1730412000},
    {"Africa/Cairo", CounterWindow::Week, 1730406600, 1730062800, 1730671200},
    {"Africa/Cairo", CounterWindow::Month, 1730406600, 1727730000, 1730412000},
    {"Pacific/Chatham", CounterWindow::Day, 1775311200, 1775297700, 1775387700},
    {"Pacific/Chatham", CounterWindow::Week, 1775311200, 1774779300, 1775387700},
    {"Pacific/Chatham", CounterWindow::Month, 1775311200, 1774952100, 1777547700},
    {"Pacific/Chatham", CounterWindow::Day, 1790432100, 1790421300, 1790504100},
    {"Pacific/Chatham", CounterWindow::Week, 1790432100, 1789902900, 1790504100},
    {"Pacific/Chatham", CounterWindow::Month, 1790432100, 1788174900, 1790763300},
    {"Asia/Tehran", CounterWindow::Day, 1647894540, 1647808200, 1647894600},
    {"Asia/Tehran", CounterWindow::Week, 1647894540, 1647808200, 1648409400},
    {"Asia/Tehran", CounterWindow::Month, 1647894540, 1646080200, 1648755000},
    {"Asia/Tehran", CounterWindow::Day, 1647894600, 1647894600, 1647977400},
    {"Asia/Tehran", CounterWindow::Week, 1647894600, 1647808200, 1648409400},
    {"Asia/Tehran", CounterWindow::Month, 1647894600, 1646080200, 1648755000},
};

TEST_CASE("calendar windows in zones") {
  for (const Case& c : kCases) {
    CAPTURE(c.zone, static_cast<int>(c.window), c.unix_s);
    const auto calendar = WindowCalendar::Make(Identity(c.window, c.zone));
    REQUIRE(calendar.has_value());
    CHECK(calendar->At(c.unix_s) == Window{c.start_s, c.end_s});
    CHECK(calendar->At(c.start_s) == Window{c.start_s, c.end_s});
    CHECK(calendar->At(c.end_s - 1) == Window{c.start_s, c.end_s});
    CHECK(calendar->At(c.end_s).start_s == c.end_s);
    CHECK(calendar->At(c.start_s - 1).end_s == c.start_s);
  }
}

TEST_CASE("windows of seconds are aligned to the epoch, also before it") {
  CounterIdentity identity = Identity(CounterWindow::Seconds, "");
  CHECK_FALSE(WindowCalendar::Make(identity).has_value());
  identity.window_seconds = 60;
  const auto minute = WindowCalendar::Make(identity);
  REQUIRE(minute.has_value());
  CHECK(minute->At(0) == Window{0, 60});
  CHECK(minute->At(59) == Window{0, 60});
  CHECK(minute->At(60) == Window{60, 120});
  CHECK(minute->At(-1) == Window{-60, 0});
  CHECK(minute->At(-60) == Window{-60, 0});
  CHECK(minute->At(-61) == Window{-120, -60});
  identity.window_seconds = 7;
  CHECK(WindowCalendar::Make(identity)->At(1'772'366'400) == Window{1'772'366'400, 1'772'366'407});
}

TEST_CASE("a lifetime has no end, and unknown zones no windows") {
  CHECK(WindowCalendar::Make(Identity(CounterWindow::Lifetime, ""))->At(12) == Window{0, kNoEnd});
  CHECK_FALSE(WindowCalendar::Make(Identity(CounterWindow::Day, "Europe/Berlim")).has_value());
  CHECK_FALSE(WindowCalendar::Make(Identity(CounterWindow::Day, "../../etc/passwd")).has_value());
}

TEST_CASE("instants beyond the calendar are not computed with") {
  const auto month = WindowCalendar::Make(Identity(CounterWindow::Month, "UTC"));
  CHECK(month->At(INT64_MAX / 2).end_s < kNoEnd);
  CHECK(month->At(INT64_MIN / 2).start_s < 0);
}

TEST_CASE("seconds round down") {
  CHECK(FloorSeconds(0) == 0);
  CHECK(FloorSeconds(999'999'999) == 0);
  CHECK(FloorSeconds(-1) == -1);
  CHECK(FloorSeconds(-1'000'000'000) == -1);
  CHECK(FloorSeconds(INT64_MIN) == -9'223'372'037);
}

}  // namespace
}  // namespace policy
