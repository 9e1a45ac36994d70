#include "runtime/jit/block_shape.h"

#include <algorithm>
#include <set>

namespace policy::jit {
namespace {

// Jumps go forward only, so the smallest instruction that is still to be looked at has every way to
// it behind it.
void AddNext(const Layout& layout, std::uint32_t at, std::set<std::uint32_t>& ahead) {
  const Instruction& instruction = layout.code()[at];
  switch (instruction.opcode) {
    case Opcode::End:
      return;
    case Opcode::Jump:
      ahead.insert(instruction.target);
      return;
    case Opcode::Index:
      for (const std::uint32_t target : TargetsOf(layout, instruction, at)) ahead.insert(target);
      return;
    case Opcode::Guard:
      ahead.insert(instruction.target);
      break;
    case Opcode::Test:
    case Opcode::Combine:
      if ((instruction.flags & (kFlagJumpIfFalse | kFlagJumpIfTrue)) != 0) {
        ahead.insert(instruction.target);
      }
      break;
    default:
      break;
  }
  ahead.insert(at + 1);
}

}  // namespace

std::uint32_t BlockCount(const Layout& layout) {
  return static_cast<std::uint32_t>(layout.tools().size() + layout.patterns().size());
}

std::uint32_t StartOf(const Layout& layout, std::uint32_t block) {
  const std::size_t tools = layout.tools().size();
  return block < tools ? layout.tools()[block].code : layout.patterns()[block - tools].code;
}

std::vector<std::uint32_t> TargetsOf(const Layout& layout, const Instruction& index,
                                     std::uint32_t at) {
  const format::IndexTable& table = layout.index_tables()[index.constant];
  std::vector<std::uint32_t> targets = {at + 1, index.target};
  for (const format::IndexEntry& entry :
       layout.index_entries().subspan(table.first_entry, table.entry_count)) {
    if (entry.constant != format::kNone) targets.push_back(entry.target);
  }
  std::ranges::sort(targets);
  const auto repeated = std::ranges::unique(targets);
  targets.erase(repeated.begin(), repeated.end());
  return targets;
}

std::optional<BlockShape> ShapeOf(const Layout& layout, std::uint32_t start) {
  BlockShape shape;
  std::set<std::uint32_t> ahead = {start};
  while (!ahead.empty()) {
    const std::uint32_t at = *ahead.begin();
    ahead.erase(ahead.begin());
    if (shape.instructions.size() == kBlockInstructionsMax) return std::nullopt;
    shape.instructions.push_back(at);
    const Opcode opcode = layout.code()[at].opcode;
    if (opcode == Opcode::Test) ++shape.test_count;
    if (opcode == Opcode::Allow) ++shape.allow_count;
    AddNext(layout, at, ahead);
  }
  return shape;
}

}  // namespace policy::jit
