#include "tests/reference/text.h"

#include <date/date.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>

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
  const bool as_written = BeginsWith(Names(path, true), Names(base, true));
  const bool as_meant = BeginsWith(Names(path, false), Names(base, false));
  return as_written == as_meant ? std::optional(as_meant) : std::nullopt;
}

std::optional<std::string> HostOf(std::string_view url) {
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\') return std::nullopt;
  }
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = Lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string host = Lower(rest.substr(0, end));
  // Older readers see user information as far as the last `@`, where no slash stands before it.
  if (end < rest.size() && rest[end] != '/' && rest.find('@') != std::string_view::npos)
    return std::nullopt;
  if (const std::size_t port = host.find(':'); port != std::string::npos) {
    if (!IsPort(host.substr(port + 1))) return std::nullopt;
    host.resize(port);
  }
  const std::vector<std::string> labels = Split(host, '.');
  if (host.size() > 253 || !std::all_of(labels.begin(), labels.end(), IsLabel)) return std::nullopt;
  const bool is_address =
      labels.size() == 4 && std::all_of(labels.begin(), labels.end(), IsAddressPart);
  if (MeansNumber(labels.back()) && !is_address) return std::nullopt;
  return host;
}

bool HostMatches(std::string_view host, std::string_view entry) {
  if (entry.starts_with("*.")) {
    const std::string ending = Lower(entry.substr(1));
    return host.size() > ending.size() && host.ends_with(ending);
  }
  return host == Lower(entry);
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
  const std::string copy(text);
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  unsigned month = 0;
  unsigned day = 0;
  int read = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &read) != 6)
    return std::nullopt;
  std::string rest = copy.substr(static_cast<std::size_t>(read));
  std::int64_t fraction_ns = 0;
  if (rest.starts_with('.')) {
    std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    fraction_ns = std::stoll((rest.substr(1, end - 1) + "000000000").substr(0, 9));
    rest.erase(0, end);
  }
  int offset_minutes = 0;
  if (rest != "Z") {
    int offset_hours = 0;
    if (std::sscanf(rest.c_str(), "%3d:%2d", &offset_hours, &offset_minutes) != 2)
      return std::nullopt;
    offset_minutes += (offset_hours < 0 ? -offset_hours : offset_hours) * 60;
    if (rest[0] == '-') offset_minutes = -offset_minutes;
  }
  const auto calendar_day = date::year(year) / date::month(month) / date::day(day);
  if (!calendar_day.ok()) return std::nullopt;
  const auto days = date::sys_days(calendar_day).time_since_epoch();
  const std::int64_t seconds =
      std::chrono::seconds(days).count() + hour * 3600 + (minute - offset_minutes) * 60 + second;
  return seconds * 1'000'000'000 + fraction_ns;
}

}  // namespace reference
