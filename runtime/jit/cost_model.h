// When machine code pays. Every constant comes from ./dev bench jit: bench/results/jit.txt.
#ifndef RUNTIME_JIT_COST_MODEL_H_
#define RUNTIME_JIT_COST_MODEL_H_

#include <cstdint>

#include "runtime/jit/block_shape.h"

namespace policy::jit {

// A block with fewer tests gains less by machine code than a call of it costs more.
inline constexpr std::uint32_t kDenseTestsMin = 12;

// A tool is hot after so many calls: a few seconds' work of an agent that means it, and far more
// than a policy sees that is tried out.
inline constexpr std::uint32_t kHotCalls = 1000;

inline bool IsDense(const BlockShape& shape) {
  return shape.unindexed_test_count >= kDenseTestsMin;
}

}  // namespace policy::jit

#endif  // RUNTIME_JIT_COST_MODEL_H_
