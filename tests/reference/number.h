// Exact decimals for the reference evaluator, by digit strings.
#ifndef TESTS_REFERENCE_NUMBER_H_
#define TESTS_REFERENCE_NUMBER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reference {

// A number as sign, digits without leading and trailing zeros, and a power of ten. Zero has no
// digits, no sign and the exponent 0.
struct Digits {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  friend bool operator==(const Digits&, const Digits&) = default;
};

// `text` is a JSON number.
Digits ReadDigits(std::string_view text);

// A number of a policy: in the exact range. Else nullopt.
std::optional<Digits> ExactNumber(std::string_view text);

// The number of a call that conditions may use: in the exact range and not changed by a binary64
// reader. Else nullopt.
std::optional<Digits> UsableNumber(std::string_view text);

// Negative, zero or positive as a < b, a == b, a > b. REQUIRES: both are in the exact range.
int CompareNumbers(const Digits& a, const Digits& b);

// Exact, or nullopt where the result is out of the exact range. REQUIRES: both are in it.
std::optional<Digits> AddNumbers(const Digits& a, const Digits& b);
std::optional<Digits> MultiplyNumbers(const Digits& a, const Digits& b);
Digits Negative(Digits number);

// The count of 10^-scale units. nullopt: more decimals than that, or 2^63 and more in size.
std::optional<std::int64_t> ScaledInteger(const Digits& number, int scale);

}  // namespace reference

#endif  // TESTS_REFERENCE_NUMBER_H_
