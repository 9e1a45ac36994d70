// When machine code pays: judged by what ./dev bench jit prints.
#ifndef RUNTIME_JIT_COST_MODEL_H_
#define RUNTIME_JIT_COST_MODEL_H_

#include <cstdint>

#include "runtime/jit/block_shape.h"

namespace policy::jit {

// Tests on a call's way. The bench shows a gain from a handful on; but each block's code has pages
// of its own, which a policy of thousands of thin tools would pay for and rarely use.
inline constexpr double kDenseTestsMin = 12;

// A tool is hot after so many calls: more than a policy sees that is tried out. Compiling takes
// about a millisecond of a background thread for each test.
inline constexpr std::uint32_t kHotCalls = 1000;

inline bool IsDense(const BlockShape& shape) { return shape.tests_on_the_way >= kDenseTestsMin; }

}  // namespace policy::jit

#endif  // RUNTIME_JIT_COST_MODEL_H_
