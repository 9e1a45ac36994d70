// Sets of truths: what a question about a condition lets it be.
#ifndef COMPILER_ANALYSE_TRUTH_SET_H_
#define COMPILER_ANALYSE_TRUTH_SET_H_

#include <cstdint>

#include "runtime/value/truth.h"

namespace policy {

// One bit a Truth, in their order.
enum class TruthSet : std::uint8_t {
  None = 0,
  False = 1,
  Unknown = 2,
  NotTrue = 3,
  True = 4,
  NotFalse = 6,
  Any = 7,
};

constexpr TruthSet operator&(TruthSet a, TruthSet b) {
  return static_cast<TruthSet>(static_cast<int>(a) & static_cast<int>(b));
}
constexpr TruthSet operator|(TruthSet a, TruthSet b) {
  return static_cast<TruthSet>(static_cast<int>(a) | static_cast<int>(b));
}
constexpr TruthSet Only(Truth truth) { return static_cast<TruthSet>(1 << static_cast<int>(truth)); }
constexpr bool Has(TruthSet set, Truth truth) { return (set & Only(truth)) != TruthSet::None; }
constexpr TruthSet Without(TruthSet set, Truth truth) {
  return static_cast<TruthSet>(static_cast<int>(set) & ~static_cast<int>(Only(truth)));
}
// What `not` makes of it.
constexpr TruthSet Mirrored(TruthSet set) {
  TruthSet mirrored = set & TruthSet::Unknown;
  if (Has(set, Truth::False)) mirrored = mirrored | TruthSet::True;
  if (Has(set, Truth::True)) mirrored = mirrored | TruthSet::False;
  return mirrored;
}

}  // namespace policy

#endif  // COMPILER_ANALYSE_TRUTH_SET_H_
