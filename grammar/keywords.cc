#include "grammar/keywords.h"

#include <algorithm>
#include <array>

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

// Those of statements that come later are reserved from the start.
constexpr std::array kKeywords = {
    "all"sv,     "allow"sv,   "and"sv,  "any"sv,   "approve"sv,     "args"sv,     "at"sv,
    "because"sv, "before"sv,  "by"sv,   "call"sv,  "charge"sv,      "contains"sv, "count"sv,
    "counter"sv, "default"sv, "deny"sv, "each"sv,  "ends_with"sv,   "expect"sv,   "fact"sv,
    "false"sv,   "from"sv,    "has"sv,  "hide"sv,  "host_in"sv,     "in"sv,       "include"sv,
    "is"sv,      "label"sv,   "let"sv,  "like"sv,  "limit"sv,       "matches"sv,  "not"sv,
    "null"sv,    "on"sv,      "or"sv,   "per"sv,   "policy"sv,      "redact"sv,   "require"sv,
    "test"sv,    "tool"sv,    "true"sv, "under"sv, "starts_with"sv, "use"sv,      "when"sv,
    "with"sv,    "within"sv,  "zone"sv,
};

constexpr auto kSorted = [] {
  auto sorted = kKeywords;
  std::ranges::sort(sorted);
  return sorted;
}();

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

bool IsKeyword(std::string_view word) { return std::ranges::binary_search(kSorted, word); }

std::span<const std::string_view> Keywords() { return kSorted; }

bool IsPlainName(std::string_view name) {
  if (name.empty() || !IsLetter(name.front()) || IsKeyword(name)) return false;
  return std::ranges::all_of(name, [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace policy
