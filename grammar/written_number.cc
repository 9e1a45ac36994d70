#include "grammar/written_number.h"

#include <algorithm>
#include <charconv>

namespace policy {

std::int64_t DecimalsOf(std::string_view digits) {
  const std::size_t exponent_at = digits.find_first_of("eE");
  const std::string_view mantissa = digits.substr(0, exponent_at);
  const std::size_t point = mantissa.find('.');
  std::int64_t decimals =
      point == std::string_view::npos ? 0 : static_cast<std::int64_t>(mantissa.size() - point - 1);
  if (exponent_at != std::string_view::npos) {
    std::string_view text = digits.substr(exponent_at + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t exponent = 0;
    std::from_chars(text.data(), text.data() + text.size(), exponent);
    decimals -= exponent;
  }
  return std::max<std::int64_t>(decimals, 0);
}

}  // namespace policy
