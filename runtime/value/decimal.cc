#include "runtime/value/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace policy {

namespace {

using decimal::kPowersOfTen;

constexpr int kCoefficientDigitsMax = 18;
constexpr int kExponentMax = 18;
// Every decimal of this many digits survives the way through binary64 and back.
constexpr int kBinary64DigitsKept = std::numeric_limits<double>::digits10;

// A JSON number taken apart: digits * 10^exponent without leading or trailing zeros in `digits`.
struct Parts {
  bool is_negative = false;
  int digit_count = 0;  // 0: the number is zero; more than 18: `digits` is not complete
  std::uint64_t digits = 0;
  std::int64_t exponent = 0;
};

// Exponents beyond this are all equally out of range; the clamp keeps the arithmetic in 64 bits.
constexpr std::int64_t kExponentClamp = 1'000'000'000;

std::int64_t ReadExponent(const char* p, const char* end) {
  const bool is_negative = p != end && *p == '-';
  if (p != end && (*p == '-' || *p == '+')) ++p;
  std::int64_t exponent = 0;
  for (; p != end; ++p) exponent = std::min(exponent * 10 + (*p - '0'), kExponentClamp);
  return is_negative ? -exponent : exponent;
}

Parts TakeApart(std::string_view text) {
  Parts parts;
  const char* p = text.data();
  const char* const end = p + text.size();
  if (p != end && *p == '-') {
    parts.is_negative = true;
    ++p;
  }
  std::int64_t fraction_digits = 0;
  std::int64_t zeros = 0;  // zeros seen since the last digit that was kept
  bool in_fraction = false;
  for (; p != end && *p != 'e' && *p != 'E'; ++p) {
    if (*p == '.') {
      in_fraction = true;
      continue;
    }
    if (in_fraction) ++fraction_digits;
    if (*p == '0') {
      if (parts.digit_count != 0) ++zeros;
      continue;
    }
    const std::int64_t count = parts.digit_count + zeros + 1;
    if (count <= kCoefficientDigitsMax) {
      parts.digits = parts.digits * kPowersOfTen[static_cast<std::size_t>(zeros + 1)] +
                     static_cast<std::uint64_t>(*p - '0');
    }
    parts.digit_count = static_cast<int>(std::min<std::int64_t>(count, kCoefficientDigitsMax + 1));
    zeros = 0;
  }
  parts.exponent = zeros - fraction_digits;
  if (p != end) parts.exponent += ReadExponent(p + 1, end);
  if (parts.digit_count == 0) return Parts{};
  return parts;
}

// Short numbers without an exponent, as nearly all are: too short to be out of any range. False: it
// is another.
bool ReadShort(std::string_view text, Decimal& number) {
  if (text.size() > kBinary64DigitsKept) return false;
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool is_negative = p != end && *p == '-';
  if (is_negative) ++p;
  std::int64_t digits = 0;
  const char* point = end;
  for (; p != end; ++p) {
    const auto digit = static_cast<unsigned>(*p - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
    } else if (*p == '.') {
      point = p + 1;
    } else {
      return false;
    }
  }
  if (digits == 0) return true;
  int exponent = static_cast<int>(point - end);
  for (; digits % 10 == 0; digits /= 10) ++exponent;
  number = {is_negative ? -digits : digits, static_cast<std::int8_t>(exponent)};
  return true;
}

int CountDigits(std::uint64_t number) {
  int count = 1;
  while (count < 20 && number >= kPowersOfTen[static_cast<std::size_t>(count)]) ++count;
  return count;
}

std::uint64_t Magnitude(Decimal d) {
  return d.coefficient < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(d.coefficient)
                           : static_cast<std::uint64_t>(d.coefficient);
}

std::strong_ordering CompareMagnitudes(Decimal a, Decimal b) {
  std::uint64_t a_digits = Magnitude(a);
  std::uint64_t b_digits = Magnitude(b);
  const int a_top = CountDigits(a_digits) + a.exponent;
  const int b_top = CountDigits(b_digits) + b.exponent;
  if (a_top != b_top) return a_top <=> b_top;
  // The same highest place, so the difference of exponents is below 18 and nothing overflows.
  if (a.exponent > b.exponent) {
    a_digits *= kPowersOfTen[static_cast<std::size_t>(a.exponent - b.exponent)];
  } else {
    b_digits *= kPowersOfTen[static_cast<std::size_t>(b.exponent - a.exponent)];
  }
  return a_digits <=> b_digits;
}

using Wide = __int128;

// `coefficient` * 10^`exponent` normalised. nullopt: not in the exact range.
std::optional<Decimal> Normalise(Wide coefficient, int exponent) {
  if (coefficient == 0) return Decimal{};
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  const auto limit = static_cast<Wide>(kPowersOfTen[kCoefficientDigitsMax]);
  if (coefficient <= -limit || coefficient >= limit) return std::nullopt;
  if (exponent < -kExponentMax || exponent > kExponentMax) return std::nullopt;
  return Decimal{static_cast<std::int64_t>(coefficient), static_cast<std::int8_t>(exponent)};
}

}  // namespace

std::strong_ordering decimal::CompareAny(Decimal a, Decimal b) {
  const int a_sign = (a.coefficient > 0) - (a.coefficient < 0);
  const int b_sign = (b.coefficient > 0) - (b.coefficient < 0);
  if (a_sign != b_sign) return a_sign <=> b_sign;
  if (a_sign == 0) return std::strong_ordering::equal;
  return a_sign > 0 ? CompareMagnitudes(a, b) : CompareMagnitudes(b, a);
}

std::optional<Decimal> ParseDecimal(std::string_view text) {
  if (Decimal number; ReadShort(text, number)) return number;
  const Parts parts = TakeApart(text);
  if (parts.digit_count == 0) return Decimal{};
  if (parts.digit_count > kCoefficientDigitsMax) return std::nullopt;
  if (parts.exponent < -kExponentMax || parts.exponent > kExponentMax) return std::nullopt;
  const auto coefficient = static_cast<std::int64_t>(parts.digits);
  return Decimal{parts.is_negative ? -coefficient : coefficient,
                 static_cast<std::int8_t>(parts.exponent)};
}

bool SurvivesBinary64(std::string_view text) {
  const Parts written = TakeApart(text);
  if (written.digit_count == 0) return true;
  if (written.digit_count > kCoefficientDigitsMax) return false;
  if (written.digit_count <= kBinary64DigitsKept && std::abs(written.exponent) < 256) return true;

  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || number == 0 || !std::isfinite(number)) return false;
  std::array<char, 64> shortest;
  const auto printed = std::to_chars(shortest.data(), shortest.data() + shortest.size(), number,
                                     std::chars_format::scientific);
  const Parts seen = TakeApart({shortest.data(), printed.ptr});
  return seen.is_negative == written.is_negative && seen.digits == written.digits &&
         seen.exponent == written.exponent;
}

ReadDecimal ReadJsonNumber(std::string_view text) {
  if (Decimal number; ReadShort(text, number)) return {number, true};
  return {ParseDecimal(text), SurvivesBinary64(text)};
}

std::optional<std::int64_t> ToScaledInteger(Decimal value, int scale) {
  if (value.coefficient == 0) return 0;
  const int shift = value.exponent + scale;
  if (shift < 0) return std::nullopt;  // normalised: the last digit is not zero
  std::int64_t result = value.coefficient;
  for (int i = 0; i < shift; ++i) {
    if (__builtin_mul_overflow(result, std::int64_t{10}, &result)) return std::nullopt;
  }
  if (result == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return result;
}

std::optional<Decimal> Add(Decimal a, Decimal b) {
  if (a.coefficient == 0) return b;
  if (b.coefficient == 0) return a;
  if (a.exponent < b.exponent) std::swap(a, b);
  // Normalised operands this far apart have a sum of more digits than fit; below, the shifted
  // coefficient is under 10^37.
  constexpr int kShiftMax = 19;
  const int shift = a.exponent - b.exponent;
  if (shift > kShiftMax) return std::nullopt;
  const Wide shifted =
      Wide{a.coefficient} * static_cast<Wide>(kPowersOfTen[static_cast<std::size_t>(shift)]);
  return Normalise(shifted + b.coefficient, b.exponent);
}

std::optional<Decimal> Subtract(Decimal a, Decimal b) {
  return Add(a, Decimal{-b.coefficient, b.exponent});
}

std::optional<Decimal> Multiply(Decimal a, Decimal b) {
  return Normalise(Wide{a.coefficient} * b.coefficient, a.exponent + b.exponent);
}

std::string ToText(Decimal value) {
  constexpr int kPlainDigitsMax = 21;
  if (value.coefficient == 0) return "0";
  const std::string digits = std::to_string(Magnitude(value));
  const std::string sign = value.coefficient < 0 ? "-" : "";
  const int count = static_cast<int>(digits.size());
  const int point = count + value.exponent;  // digits before the decimal point
  if (value.exponent >= 0 && point <= kPlainDigitsMax) {
    return sign + digits + std::string(static_cast<std::size_t>(value.exponent), '0');
  }
  if (value.exponent < 0 && point > 0) {
    const auto whole = static_cast<std::size_t>(point);
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
  }
  if (value.exponent < 0 && point > -6) {
    return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  }
  const std::string fraction = count > 1 ? "." + digits.substr(1) : "";
  return sign + digits.substr(0, 1) + fraction + "e" + std::to_string(point - 1);
}

}  // namespace policy
