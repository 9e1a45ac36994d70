#include "runtime/jit/live_registers.h"

#include <ranges>
#include <vector>

namespace policy::jit {
namespace {

bool Jumps(const Instruction& instruction) {
  return (instruction.flags & (kFlagJumpIfFalse | kFlagJumpIfTrue)) != 0;
}

std::vector<std::uint32_t> NextOf(const Layout& layout, std::uint32_t at) {
  const Instruction& instruction = layout.code()[at];
  switch (instruction.opcode) {
    case Opcode::End:
      return {};
    case Opcode::Jump:
      return {instruction.target};
    case Opcode::Index:
      return TargetsOf(layout, instruction, at);
    case Opcode::Guard:
      return {at + 1, instruction.target};
    case Opcode::Test:
    case Opcode::Combine:
      if (Jumps(instruction)) return {at + 1, instruction.target};
      return {at + 1};
    default:
      return {at + 1};
  }
}

// `live` behind the instruction becomes what is live before it.
void StepBack(const Instruction& instruction, RegisterSet& live) {
  switch (instruction.opcode) {
    case Opcode::Test:
    case Opcode::Constant:
    case Opcode::Combine:
      live[instruction.dst] =
          static_cast<WriteMode>(instruction.flags & kFlagModeMask) != WriteMode::Set;
      if (instruction.opcode == Opcode::Combine) live.set(instruction.predicate);
      return;
    case Opcode::Guard:
    case Opcode::Deny:
    case Opcode::Require:
    case Opcode::Allow:
    case Opcode::Approve:
      live.set(instruction.dst);
      return;
    case Opcode::Jump:
    case Opcode::Index:
    case Opcode::CloseArguments:
    case Opcode::Limit:
    case Opcode::End:
      return;
  }
}

}  // namespace

std::map<std::uint32_t, RegisterSet> LiveRegisters(const Layout& layout, const BlockShape& shape) {
  std::map<std::uint32_t, RegisterSet> live;
  for (const std::uint32_t at : std::views::reverse(shape.instructions)) {
    RegisterSet here;
    for (const std::uint32_t next : NextOf(layout, at)) here |= live[next];
    StepBack(layout.code()[at], here);
    live[at] = here;
  }
  return live;
}

}  // namespace policy::jit
