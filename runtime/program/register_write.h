// What an instruction does to its register, and where it goes then.
#ifndef RUNTIME_PROGRAM_REGISTER_WRITE_H_
#define RUNTIME_PROGRAM_REGISTER_WRITE_H_

#include <array>
#include <cstddef>

#include "runtime/program/instruction.h"
#include "runtime/value/truth.h"

namespace policy {

// What is in a register that held `old` when the instruction has written `truth` as its mode says.
inline Truth Written(const Instruction& instruction, Truth truth, Truth old) {
  // By mode, `old` and `truth`, of four each: without a branch, as modes and truths are mixed.
  static constexpr auto kWritten = [] {
    std::array<Truth, 64> written{};
    for (std::size_t i = 0; i < written.size(); ++i) {
      const auto from = static_cast<Truth>((i >> 2) & 3);
      const auto with = static_cast<Truth>(i & 3);
      const auto mode = static_cast<WriteMode>(i >> 4);
      written[i] = mode == WriteMode::And  ? And(from, with)
                   : mode == WriteMode::Or ? Or(from, with)
                                           : with;
    }
    return written;
  }();
  return kWritten[(instruction.flags & unsigned{kFlagModeMask}) << 4 |
                  static_cast<unsigned>(old) << 2 | static_cast<unsigned>(truth)];
}

// Whether an instruction that left `truth` in its register goes to its target.
inline bool TakesJump(const Instruction& instruction, Truth truth) {
  return (truth == Truth::False && (instruction.flags & kFlagJumpIfFalse) != 0) ||
         (truth == Truth::True && (instruction.flags & kFlagJumpIfTrue) != 0);
}

}  // namespace policy

#endif  // RUNTIME_PROGRAM_REGISTER_WRITE_H_
