// Three-valued truth, Kleene's strong logic (LANGUAGE: unknown never opens the gate).
#ifndef RUNTIME_VALUE_TRUTH_H_
#define RUNTIME_VALUE_TRUTH_H_

#include <algorithm>
#include <cstdint>

namespace policy {

// The order is the logic: `and` is the minimum, `or` the maximum, `not` the mirror image.
enum class Truth : std::uint8_t { False = 0, Unknown = 1, True = 2 };

constexpr Truth And(Truth a, Truth b) { return std::min(a, b); }
constexpr Truth Or(Truth a, Truth b) { return std::max(a, b); }
constexpr Truth Not(Truth a) { return static_cast<Truth>(2 - static_cast<int>(a)); }
constexpr Truth ToTruth(bool b) { return b ? Truth::True : Truth::False; }

}  // namespace policy

#endif  // RUNTIME_VALUE_TRUTH_H_
