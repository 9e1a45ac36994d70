#include "tests/reference/text.h"

#include <date/date.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <sstream>

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

// The names on the way from the root, `.` and empty ones dropped, `..` taking one back. nullopt:
// the text is not a path that can be judged by its letters.
std::optional<std::vector<std::string>> Names(std::string_view path) {
  if (path.empty() || path[0] != '/' || path.starts_with("//")) return std::nullopt;
  for (const char c : path) {
    if (c == '\\' || c == '%' || c == '$' || c == '~' || c == '\0') return std::nullopt;
  }
  std::vector<std::string> names;
  for (const std::string& name : Split(path, '/')) {
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else {
      names.push_back(name);
    }
  }
  return names;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > 63) return false;
  for (const char c : label) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') return false;
  }
  return label.front() != '-' && label.back() != '-';
}

bool IsAddressPart(const std::string& part) {
  return IsDigits(part) && part.size() <= 3 && std::stoi(part) <= 255 &&
         (part.size() == 1 || part[0] != '0');
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] != '*')
    return !name.empty() && name[0] == pattern[0] &&
           MatchesPattern(pattern.substr(1), name.substr(1));
  for (std::size_t skip = 0; skip <= name.size(); ++skip) {
    if (MatchesPattern(pattern.substr(1), name.substr(skip))) return true;
  }
  return false;
}

std::optional<bool> IsUnder(std::string_view path, std::string_view base) {
  const auto names = Names(path);
  const auto base_names = Names(base);
  if (!names || !base_names) return std::nullopt;
  if (names->size() < base_names->size()) return false;
  return std::equal(base_names->begin(), base_names->end(), names->begin());
}

std::optional<std::string> HostOf(std::string_view url) {
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F || c == '\\')
      return std::nullopt;
  }
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = Lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
  std::string host = Lower(rest);
  if (const std::size_t port = host.find(':'); port != std::string::npos) {
    const std::string digits = host.substr(port + 1);
    if (!IsDigits(digits) || digits.size() > 5 || std::stoi(digits) > 65535) return std::nullopt;
    host.resize(port);
  }
  const std::vector<std::string> labels = Split(host, '.');
  if (host.size() > 253 || !std::all_of(labels.begin(), labels.end(), IsLabel)) return std::nullopt;
  // A last label that is a number makes an address of it, and there are many spellings of those.
  const std::string& last = labels.back();
  if (std::isdigit(static_cast<unsigned char>(last[0])) != 0 &&
      !(labels.size() == 4 && std::all_of(labels.begin(), labels.end(), IsAddressPart)))
    return std::nullopt;
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

std::string Fold(std::string_view text) {
  std::string out = Lower(text);
  const auto replace = [&out](std::string_view from, char to) {
    for (std::size_t at = out.find(from); at != std::string::npos; at = out.find(from))
      out.replace(at, from.size(), 1, to);
  };
  replace("\xC5\xBF", 's');
  replace("\xE2\x84\xAA", 'k');
  return out;
}

std::optional<std::int64_t> ReadTime(std::string_view text) {
  date::sys_time<std::chrono::nanoseconds> time;
  for (const char* format : {"%FT%TZ", "%FT%T%Ez"}) {
    std::istringstream in{std::string(text)};
    in >> date::parse(format, time);
    if (!in.fail() && in.peek() == std::istringstream::traits_type::eof())
      return time.time_since_epoch().count();
  }
  return std::nullopt;
}

}  // namespace reference
