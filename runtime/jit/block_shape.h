// The blocks of a program as machine code sees them: numbered, and with what each can reach.
#ifndef RUNTIME_JIT_BLOCK_SHAPE_H_
#define RUNTIME_JIT_BLOCK_SHAPE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/program/layout.h"

namespace policy::jit {

// Larger blocks stay the interpreter's: the time to compile one grows faster than its size.
inline constexpr std::size_t kBlockInstructionsMax = 20'000;

// Tools, then patterns: as NativeCode numbers them.
std::uint32_t BlockCount(const Layout& layout);
// Their numbers.
std::vector<std::uint32_t> AllBlocks(const Layout& layout);
// The tool, or the pattern, that a block is for. REQUIRES: block < BlockCount(layout).
std::string_view NameOf(const Layout& layout, std::uint32_t block);
// The first instruction of a block. REQUIRES: block < BlockCount(layout).
std::uint32_t StartOf(const Layout& layout, std::uint32_t block);

struct BlockShape {
  std::vector<std::uint32_t> instructions;  // reachable from the start, ascending
  std::uint32_t test_count = 0;
  // Tests on the longest way through the block, where an index counts as the mean of its ways for
  // values of its kind: what indexes do not save a call.
  double tests_on_the_way = 0;
  std::uint32_t allow_count = 0;
};

// nullopt: it is larger than kBlockInstructionsMax.
std::optional<BlockShape> ShapeOf(const Layout& layout, std::uint32_t start);

// Where an Index instruction may go to, each once, ascending.
std::vector<std::uint32_t> TargetsOf(const Layout& layout, const Instruction& index,
                                     std::uint32_t at);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_BLOCK_SHAPE_H_
