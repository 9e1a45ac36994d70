#include "runtime/jit/slot_scale.h"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace policy::jit {
namespace {

std::optional<std::int64_t> CountOf(Decimal number, int exponent) {
  if (number.coefficient == 0) return 0;
  if (number.exponent < exponent) return std::nullopt;
  std::int64_t count = number.coefficient;
  for (int i = exponent; i < number.exponent; ++i) {
    if (__builtin_mul_overflow(count, 10, &count)) return std::nullopt;
  }
  return count;
}

bool AreShort(std::span<const Decimal> numbers, int exponent) {
  constexpr std::int64_t kShortMax = std::numeric_limits<std::int32_t>::max();
  return std::ranges::all_of(numbers, [&](Decimal number) {
    const auto count = CountOf(number, exponent);
    return count && *count <= kShortMax && *count >= -kShortMax;
  });
}

int ScaleFor(std::span<const Decimal> numbers) {
  int exponent = 0;
  for (const Decimal number : numbers) exponent = std::min<int>(exponent, number.exponent);
  exponent = std::max(exponent, kScaleExponentMin);
  while (exponent > kScaleExponentMin && AreShort(numbers, exponent - 1)) --exponent;
  return exponent;
}

}  // namespace

SlotScales::SlotScales(const Layout& layout, const BlockShape& shape) {
  std::map<std::uint32_t, std::vector<Decimal>> numbers;
  for (const std::uint32_t at : shape.instructions) {
    const Instruction& test = layout.code()[at];
    if (test.opcode != Opcode::Test) continue;
    const Operand& operand = layout.operands()[test.constant];
    if (operand.kind == OperandKind::Number) numbers[test.slot].push_back(operand.number);
    if (operand.kind == OperandKind::NumberSet) {
      numbers[test.slot].insert(numbers[test.slot].end(), operand.numbers.begin(),
                                operand.numbers.end());
    }
  }
  for (const auto& [slot, literals] : numbers) exponents_[slot] = ScaleFor(literals);
}

int SlotScales::ExponentOf(std::uint32_t slot) const {
  const auto found = exponents_.find(slot);
  return found == exponents_.end() ? 0 : found->second;
}

std::optional<std::int64_t> SlotScales::Count(std::uint32_t slot, Decimal literal) const {
  return CountOf(literal, ExponentOf(slot));
}

}  // namespace policy::jit
