#include "tests/reference/number.h"

#include <algorithm>
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

// School arithmetic on digits without sign and point, the highest first.
std::string AddTexts(const std::string& a, const std::string& b) {
  std::string sum;
  int carry = 0;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()) || carry > 0; ++i) {
    int digit = carry;
    if (i < a.size()) digit += a[a.size() - 1 - i] - '0';
    if (i < b.size()) digit += b[b.size() - 1 - i] - '0';
    sum.insert(sum.begin(), static_cast<char>('0' + digit % 10));
    carry = digit / 10;
  }
  return sum;
}

// REQUIRES: a >= b, both of one size.
std::string SubtractTexts(const std::string& a, const std::string& b) {
  std::string rest = a;
  int borrow = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    int digit = a[i] - b[i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    if (digit < 0) digit += 10;
    rest[i] = static_cast<char>('0' + digit);
  }
  return rest;
}

std::string MultiplyTexts(const std::string& a, const std::string& b) {
  std::string product;
  for (const char digit : b) {
    if (!product.empty()) product += '0';
    for (char times = '0'; times < digit; ++times) product = AddTexts(product, a);
  }
  return product;
}

std::optional<Digits> Exact(bool is_negative, const std::string& digits, std::int64_t exponent) {
  return ExactNumber((is_negative ? "-" : "") + (digits.empty() ? "0" : digits) + "e" +
                     std::to_string(exponent));
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

std::optional<Digits> AddNumbers(const Digits& a, const Digits& b) {
  const std::string x = FixedPoint(a);
  const std::string y = FixedPoint(b);
  if (a.negative == b.negative) return Exact(a.negative, AddTexts(x, y), -kExponentMax);
  return x >= y ? Exact(a.negative, SubtractTexts(x, y), -kExponentMax)
                : Exact(b.negative, SubtractTexts(y, x), -kExponentMax);
}

std::optional<Digits> MultiplyNumbers(const Digits& a, const Digits& b) {
  return Exact(a.negative != b.negative, MultiplyTexts(a.digits, b.digits),
               a.exponent + b.exponent);
}

Digits Negative(Digits number) {
  number.negative = !number.negative && !number.digits.empty();
  return number;
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
