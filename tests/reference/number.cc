#include "tests/reference/number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace reference {
namespace {

constexpr std::size_t kDigitsMax = 18;
constexpr int kExponentMax = 18;

bool ChangedByBinary64(std::string_view text) {
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  if (!std::isfinite(value)) return true;
  // The shortest digits that read back the same: what such a reader prints, or hands on as text.
  char shortest[64];
  const auto end =
      std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
  return ReadDigits({shortest, end.ptr}) != ReadDigits(text);
}

// 36 digits before the point and 18 behind it: every number of the exact range, at one place.
std::string FixedPoint(const Digits& number) {
  std::string all = number.digits;
  all.append(static_cast<std::size_t>(number.exponent + kExponentMax), '0');
  return std::string(54 - all.size(), '0') + all;
}

}  // namespace

Digits ReadDigits(std::string_view text) {
  Digits out;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) out.negative = text[at++] == '-';
  bool behind_point = false;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.') {
      behind_point = true;
      continue;
    }
    out.digits += text[at];
    if (behind_point) --out.exponent;
  }
  if (at < text.size()) {
    ++at;
    bool negative = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
    std::int64_t written = 0;
    for (; at < text.size(); ++at) {
      if (written < 1'000'000'000) written = written * 10 + (text[at] - '0');
    }
    out.exponent += negative ? -written : written;
  }
  out.digits.erase(0, out.digits.find_first_not_of('0'));
  while (!out.digits.empty() && out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  return out.digits.empty() ? Digits{} : out;
}

std::optional<Digits> ExactNumber(std::string_view text) {
  Digits number = ReadDigits(text);
  if (number.digits.size() > kDigitsMax) return std::nullopt;
  if (number.exponent < -kExponentMax || number.exponent > kExponentMax) return std::nullopt;
  return number;
}

std::optional<Digits> UsableNumber(std::string_view text) {
  return ChangedByBinary64(text) ? std::nullopt : ExactNumber(text);
}

int CompareNumbers(const Digits& a, const Digits& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int size = FixedPoint(a).compare(FixedPoint(b));
  return a.negative ? -size : size;
}

std::optional<std::int64_t> ScaledInteger(const Digits& number, int scale) {
  if (number.digits.empty()) return 0;
  if (number.exponent + scale < 0) return std::nullopt;
  std::string units = number.digits;
  units.append(static_cast<std::size_t>(number.exponent + scale), '0');
  if (units.size() > 19 || (units.size() == 19 && units > "9223372036854775807"))
    return std::nullopt;
  const std::int64_t size = std::stoll(units);
  return number.negative ? -size : size;
}

}  // namespace reference
