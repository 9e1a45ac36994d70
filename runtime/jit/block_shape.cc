#include "runtime/jit/block_shape.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <utility>

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

// nullopt: more than kBlockInstructionsMax.
std::optional<std::vector<std::uint32_t>> Reachable(const Layout& layout, std::uint32_t start) {
  std::vector<std::uint32_t> instructions;
  std::set<std::uint32_t> ahead = {start};
  while (!ahead.empty()) {
    if (instructions.size() == kBlockInstructionsMax) return std::nullopt;
    const std::uint32_t at = *ahead.begin();
    ahead.erase(ahead.begin());
    instructions.push_back(at);
    AddNext(layout, at, ahead);
  }
  return instructions;
}

double MeanOfWays(const Layout& layout, const Instruction& index,
                  const std::map<std::uint32_t, double>& tests) {
  const format::IndexTable& table = layout.index_tables()[index.constant];
  double sum = tests.at(index.target);
  int ways = 1;
  for (const format::IndexEntry& entry :
       layout.index_entries().subspan(table.first_entry, table.entry_count)) {
    if (entry.constant == format::kNone) continue;
    sum += tests.at(entry.target);
    ++ways;
  }
  return sum / ways;
}

double TestsOnTheWay(const Layout& layout, const std::vector<std::uint32_t>& instructions) {
  std::map<std::uint32_t, double> tests;  // from an instruction on
  for (const std::uint32_t at : std::views::reverse(instructions)) {
    const Instruction& instruction = layout.code()[at];
    if (instruction.opcode == Opcode::Index) {
      tests[at] = MeanOfWays(layout, instruction, tests);
      continue;
    }
    std::set<std::uint32_t> next;
    AddNext(layout, at, next);
    double most = 0;
    for (const std::uint32_t way : next) most = std::max(most, tests.at(way));
    tests[at] = most + (instruction.opcode == Opcode::Test ? 1 : 0);
  }
  return tests.at(instructions.front());
}

std::uint32_t CountOf(const Layout& layout, Opcode opcode,
                      const std::vector<std::uint32_t>& instructions) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      instructions, [&](std::uint32_t at) { return layout.code()[at].opcode == opcode; }));
}

}  // namespace

std::uint32_t BlockCount(const Layout& layout) {
  return static_cast<std::uint32_t>(layout.tools().size() + layout.patterns().size());
}

std::vector<std::uint32_t> AllBlocks(const Layout& layout) {
  std::vector<std::uint32_t> blocks(BlockCount(layout));
  std::iota(blocks.begin(), blocks.end(), 0u);
  return blocks;
}

std::string_view NameOf(const Layout& layout, std::uint32_t block) {
  const std::size_t tools = layout.tools().size();
  return layout.text(block < tools ? layout.tools()[block].name
                                   : layout.patterns()[block - tools].pattern);
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
  auto all = Reachable(layout, start);
  if (!all) return std::nullopt;
  BlockShape shape;
  shape.test_count = CountOf(layout, Opcode::Test, *all);
  shape.tests_on_the_way = TestsOnTheWay(layout, *all);
  shape.allow_count = CountOf(layout, Opcode::Allow, *all);
  shape.instructions = std::move(*all);
  return shape;
}

}  // namespace policy::jit
