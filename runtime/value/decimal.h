// Exact decimal numbers: the only numbers a policy computes with. Nothing here goes through binary
// floating point.
#ifndef RUNTIME_VALUE_DECIMAL_H_
#define RUNTIME_VALUE_DECIMAL_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policy {

// coefficient * 10^exponent, normalised: |coefficient| < 10^18, no trailing decimal zero in the
// coefficient, exponent in [-18, 18], zero is {0, 0}. Two equal numbers have equal members.
struct Decimal {
  std::int64_t coefficient = 0;
  std::int8_t exponent = 0;

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

namespace decimal {

// 10^0 to 10^19: all that fit.
inline constexpr std::array<std::uint64_t, 20> kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

// Of any two.
std::strong_ordering CompareAny(Decimal a, Decimal b);

// Writes the one with the larger exponent with that of the other, as can mostly be done: then their
// coefficients compare as they do. False: it would overflow, and nothing is written.
inline bool Align(Decimal& a, Decimal& b) {
  constexpr int kShiftMax = 18;
  const int shift = a.exponent - b.exponent;
  if (shift == 0) return true;
  if (shift > kShiftMax || shift < -kShiftMax) return false;
  const bool is_a = shift > 0;
  const auto factor =
      static_cast<std::int64_t>(kPowersOfTen[static_cast<std::size_t>(is_a ? shift : -shift)]);
  std::int64_t written = 0;
  if (__builtin_mul_overflow(is_a ? a.coefficient : b.coefficient, factor, &written)) return false;
  a.coefficient = is_a ? written : a.coefficient;
  b.coefficient = is_a ? b.coefficient : written;
  return true;
}

}  // namespace decimal

inline std::strong_ordering Compare(Decimal a, Decimal b) {
  return decimal::Align(a, b) ? a.coefficient <=> b.coefficient : decimal::CompareAny(a, b);
}

// `text` is a JSON number (RFC 8259 grammar, already validated). nullopt: outside the exact range.
std::optional<Decimal> ParseDecimal(std::string_view text);

// Whether a reader that goes through binary64 and prints the shortest text that reads back the same
// sees the same number as `text` says: false for 2^53+1, 99.9999999999999999, 1e400; true for 0.1,
// 100.00, 1e2.
bool SurvivesBinary64(std::string_view text);

// Both at once: ParseDecimal(text) and SurvivesBinary64(text).
struct ReadDecimal {
  std::optional<Decimal> number;
  bool survives_binary64;
};
ReadDecimal ReadJsonNumber(std::string_view text);

// The number as an integer count of 10^-scale units. nullopt: more decimals than `scale`, or beyond
// 2^63-1 in size. REQUIRES: 0 <= scale <= 9.
std::optional<std::int64_t> ToScaledInteger(Decimal value, int scale);

// The exact result, or nullopt where it is no Decimal: never rounded.
std::optional<Decimal> Add(Decimal a, Decimal b);
std::optional<Decimal> Subtract(Decimal a, Decimal b);
std::optional<Decimal> Multiply(Decimal a, Decimal b);

// Plain notation where it is short ("100", "0.05"), else scientific; parses back to the same
// number.
std::string ToText(Decimal value);

}  // namespace policy

#endif  // RUNTIME_VALUE_DECIMAL_H_
