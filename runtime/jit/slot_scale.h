// The units in which machine code counts the numbers of a slot, so that one comparison of integers
// answers a test.
#ifndef RUNTIME_JIT_SLOT_SCALE_H_
#define RUNTIME_JIT_SLOT_SCALE_H_

#include <cstdint>
#include <map>
#include <optional>

#include "runtime/jit/block_shape.h"
#include "runtime/program/layout.h"
#include "runtime/value/decimal.h"

namespace policy::jit {

// Literals with more decimals are compared by the callback.
inline constexpr int kScaleExponentMin = -9;

class SlotScales {
 public:
  // Of all slots that the block compares with numbers.
  SlotScales(const Layout& layout, const BlockShape& shape);

  // A unit of the slot is 10^this: no larger than its literals ask for, and smaller as long as
  // they stay short in the code, so that numbers with more decimals than theirs can be counted too.
  // At most 0.
  int ExponentOf(std::uint32_t slot) const;

  // nullopt: it is no whole count of units, or none of 64 bits.
  std::optional<std::int64_t> Count(std::uint32_t slot, Decimal literal) const;

 private:
  std::map<std::uint32_t, int> exponents_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_SLOT_SCALE_H_
