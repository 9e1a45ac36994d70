#include "tests/reference/text.h"

#include <date/date.h>
#include <date/tz.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <exception>
#include <map>

namespace reference {
namespace {

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Whether every server finds the same names in the path. `..` is in no such path: where a link
// stands before it, the text does not say where it leads; nor is a name of dots and spaces, which
// some systems take for it.
bool HasOneReading(std::string_view path) {
  if (path.empty() || path[0] != '/' || path.starts_with("//")) return false;
  for (const char c : path) {
    if (c == '\\' || c == '%' || c == '$' || c == '~' || c == '\0') return false;
  }
  const std::vector<std::string> names = Split(path, '/');
  if (names[1].size() >= 2 && std::isalpha(static_cast<unsigned char>(names[1][0])) != 0 &&
      names[1][1] == ':')
    return false;  // a drive
  return std::none_of(names.begin(), names.end(), [](const std::string& name) {
    return name.size() >= 2 && name.find_first_not_of(". ") == std::string::npos;
  });
}

// The names from the root on; where `all` is false, without those that say nothing.
std::vector<std::string> Names(std::string_view path, bool all) {
  std::vector<std::string> names = Split(path.substr(1), '/');
  if (names.back().empty()) names.pop_back();
  if (!all) std::erase_if(names, [](const std::string& n) { return n.empty() || n == "."; });
  return names;
}

bool BeginsWith(const std::vector<std::string>& names, const std::vector<std::string>& beginning) {
  return names.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), names.begin());
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > 63) return false;
  for (const char c : label) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') return false;
  }
  return true;
}

bool IsAddressPart(const std::string& part) {
  return IsDigits(part) && part.size() <= 3 && std::stoi(part) <= 255 &&
         (part.size() == 1 || part[0] != '0');
}

// A last label that readers take for a number, and so the host for an address.
bool MeansNumber(const std::string& label) {
  return IsDigits(label) || (label.starts_with("0x") &&
                             label.find_first_not_of("0123456789abcdef", 2) == std::string::npos);
}

bool IsPort(const std::string& text) {
  return IsDigits(text) && text[0] != '0' && text.size() <= 5 && std::stoi(text) <= 65535;
}

// Every code point, one after another.
std::string AllLetters() {
  std::string all;
  for (unsigned code = 0x80; code < 0x110000; ++code) {
    const auto add = [&all](unsigned byte) { all += static_cast<char>(byte); };
    if (code >= 0xD800 && code < 0xE000) continue;
    if (code < 0x800) {
      add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
  }
  return all;
}

// Whether this letter beyond ASCII is the same as another but for case, or an i that some languages
// read as an ASCII letter.
bool HasCase(const std::string& letter) {
  static std::map<std::string, bool> known;
  if (const auto found = known.find(letter); found != known.end()) return found->second;
  static const std::string all = AllLetters() + "abcdefghijklmnopqrstuvwxyz";
  const RE2 same("(?i)" + letter);
  re2::StringPiece rest(all);
  bool has_case = letter == "\u0130" || letter == "\u0131";
  RE2::FindAndConsume(&rest, same);  // one is the letter itself
  if (RE2::FindAndConsume(&rest, same)) has_case = true;
  return known[letter] = has_case;
}

// nullopt: beyond 64 bits.
std::optional<std::int64_t> InNanoseconds(std::int64_t seconds, std::int64_t rest_ns) {
  std::int64_t sum = 0;
  // From the whole second above: the lowest instant's own second begins out of range.
  const std::int64_t above = seconds < 0 ? seconds + 1 : seconds;
  const std::int64_t back_ns = seconds < 0 ? rest_ns - 1'000'000'000 : rest_ns;
  if (__builtin_mul_overflow(above, std::int64_t{1'000'000'000}, &sum)) return std::nullopt;
  if (__builtin_add_overflow(sum, back_ns, &sum)) return std::nullopt;
  return sum;
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view name) {
  // reached[i]: the pattern as far as it was read matches the first i bytes.
  std::vector<bool> reached(name.size() + 1);
  reached[0] = true;
  for (const char c : pattern) {
    if (c == '*') {
      for (std::size_t i = 1; i <= name.size(); ++i) reached[i] = reached[i] || reached[i - 1];
      continue;
    }
    for (std::size_t i = name.size(); i > 0; --i) reached[i] = reached[i - 1] && name[i - 1] == c;
    reached[0] = false;
  }
  return reached[name.size()];
}

std::optional<bool> IsUnder(std::string_view path, std::string_view base) {
  if (!HasOneReading(path) || !HasOneReading(base)) return std::nullopt;
  if (Names(base, true) != Names(base, false)) return std::nullopt;  // no plain root
  const bool as_written = BeginsWith(Names(path, true), Names(base, true));
  const bool as_meant = BeginsWith(Names(path, false), Names(base, false));
  return as_written == as_meant ? std::optional(as_meant) : std::nullopt;
}

std::optional<Url> ReadUrl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\') return std::nullopt;
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = Lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  url.port = url.scheme == "http" ? 80 : 443;
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  url.host = Lower(rest.substr(0, end));
  // Older readers see user information as far as the last `@`, where no slash stands before it.
  if (end < rest.size() && rest[end] != '/' && rest.find('@') != std::string_view::npos)
    return std::nullopt;
  if (const std::size_t port = url.host.find(':'); port != std::string::npos) {
    if (!IsPort(url.host.substr(port + 1))) return std::nullopt;
    url.port = std::stoi(url.host.substr(port + 1));
    url.host.resize(port);
  }
  const std::vector<std::string> labels = Split(url.host, '.');
  if (url.host.size() > 253 || !std::all_of(labels.begin(), labels.end(), IsLabel))
    return std::nullopt;
  const bool is_address =
      labels.size() == 4 && std::all_of(labels.begin(), labels.end(), IsAddressPart);
  if (MeansNumber(labels.back()) && !is_address) return std::nullopt;
  return url;
}

std::optional<std::string> HostOf(std::string_view url) {
  const auto read = ReadUrl(url);
  return read ? std::optional(read->host) : std::nullopt;
}

bool HostMatches(std::string_view host, std::string_view entry) {
  if (entry.starts_with("*.")) {
    const std::string ending = Lower(entry.substr(1));
    return host.size() > ending.size() && host.ends_with(ending);
  }
  return host == Lower(entry);
}

std::optional<std::string> DomainOf(std::string_view address) {
  static const RE2 form(
      "([A-Za-z0-9_+=&'-]+(?:\\.[A-Za-z0-9_+=&'-]+)*)"
      "@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+"
      "[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)");
  std::string local;
  std::string domain;
  if (!RE2::FullMatch(re2::StringPiece(address.data(), address.size()), form, &local, &domain))
    return std::nullopt;
  if (address.size() > 254 || local.size() > 64 || domain.size() > 253) return std::nullopt;
  return local[0] == '-' ? std::nullopt : std::optional(Lower(domain));
}

std::optional<std::string> LowerOf(std::string_view text) {
  static const RE2 beyond_ascii(R"([\x00-\x7F]*([^\x00-\x7F]))");
  re2::StringPiece rest(text.data(), text.size());
  for (std::string letter; RE2::Consume(&rest, beyond_ascii, &letter);) {
    if (HasCase(letter)) return std::nullopt;
  }
  return Lower(text);
}

std::size_t CodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool SameButForCase(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const bool is_ascii = std::all_of(a.begin(), a.end(), [](char c) { return c >= 0; }) &&
                        std::all_of(b.begin(), b.end(), [](char c) { return c >= 0; });
  if (is_ascii) return Lower(a) == Lower(b);
  const std::string pattern = "(?is)" + RE2::QuoteMeta(re2::StringPiece(a.data(), a.size()));
  return RE2::FullMatch(re2::StringPiece(b.data(), b.size()), pattern);
}

std::optional<std::int64_t> ReadTime(std::string_view text) {
  static const RE2 form(
      R"((\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2}))");
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::string fraction;
  std::string offset;  // "Z", "+01:30"
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), form, &year, &month, &day, &hour,
                      &minute, &second, &fraction, &offset))
    return std::nullopt;
  const auto calendar_day = date::year(year) / date::month(month) / date::day(day);
  if (!calendar_day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  int shift_minutes = 0;
  if (offset != "Z" && offset != "z") {
    const int hours = std::stoi(offset.substr(1, 2));
    const int minutes = std::stoi(offset.substr(4));
    if (hours > 23 || minutes > 59) return std::nullopt;
    shift_minutes = (offset[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  const auto days = date::sys_days(calendar_day).time_since_epoch();
  const std::int64_t seconds =
      std::chrono::seconds(days).count() + hour * 3600 + (minute - shift_minutes) * 60 + second;
  const std::int64_t fraction_ns =
      fraction.empty() ? 0 : std::stoll((fraction.substr(1) + "000000000").substr(0, 9));
  return InNanoseconds(seconds, fraction_ns);
}

std::optional<std::int64_t> ReadTimeIn(std::string_view text, const std::string& zone) {
  if (const auto instant = ReadTime(text)) return instant;
  // "2026-03-01", "2026-03-01T10:00", "2026-03-01 10:00:00.25".
  static const RE2 form(R"((\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?)?)");
  std::string day;
  std::string minute;
  std::string second;
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), form, &day, &minute, &second))
    return std::nullopt;
  if (minute.empty()) minute = "00:00";
  if (second.empty()) second = ":00";
  // Read as if it were UTC, its digits are those of the clock on the wall.
  const auto wall_ns = ReadTime(day + 'T' + minute + second + 'Z');
  if (!wall_ns) return std::nullopt;
  const date::time_zone* place = nullptr;
  try {
    place = date::locate_zone(zone);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  const date::local_time<std::chrono::nanoseconds> wall{std::chrono::nanoseconds(*wall_ns)};
  const auto info = place->get_info(wall);
  if (info.result != date::local_info::unique) return std::nullopt;
  return (wall.time_since_epoch() - info.first.offset).count();
}

}  // namespace reference
