// The instruction of decision programs: flat, 16 bytes, the same in memory and in files.
#ifndef RUNTIME_PROGRAM_INSTRUCTION_H_
#define RUNTIME_PROGRAM_INSTRUCTION_H_

#include <cstdint>
#include <type_traits>

namespace policy {

enum class Opcode : std::uint8_t {
#define OPCODE(name, text) name,
#include "runtime/program/opcodes.def"
#undef OPCODE
};

// How Test, Constant and Combine write their result into r[dst]: Set replaces, And takes the
// minimum, Or the maximum.
enum class WriteMode : std::uint8_t { Set = 0, And = 1, Or = 2 };

// Bits of Instruction::flags.
inline constexpr std::uint8_t kFlagModeMask = 0x03;  // a WriteMode
inline constexpr std::uint8_t kFlagNegate = 0x04;    // the result is negated before it is written
inline constexpr std::uint8_t kFlagJumpIfFalse =
    0x08;  // after the write, r[dst] False goes to target
inline constexpr std::uint8_t kFlagJumpIfTrue =
    0x10;  // after the write, r[dst] True goes to target
inline constexpr int kFlagAbsentShift =
    5;  // bits 5..6, Test: the result for an absent slot, a Truth + 1;
inline constexpr std::uint8_t kFlagAbsentMask =
    0x60;  //   0: as the predicate says. Not negated by kFlagNegate.

struct Instruction {
  Opcode opcode = Opcode::End;
  std::uint8_t flags = 0;
  std::uint8_t dst = 0;        // register
  std::uint8_t predicate = 0;  // Test: a Predicate; Constant: a Truth; Combine: the source register
  std::uint16_t slot = 0;      // Test, Index: the slot that is looked at
  std::uint16_t memo =
      0;  // Test: 0, or a memo cell shared by equal tests: the un-negated, un-defaulted result is
          //   kept there by the first and read by the others. Cells start empty at each call.
  std::uint32_t constant =
      0;  // Test: constant; Index: table; Deny..CloseArguments: rule; Limit: limit
  std::uint32_t target = 0;  // instruction to go to, greater than this one's own index;
                             // CloseArguments: constant id of its string set of names, or of None
};

static_assert(std::is_trivially_copyable_v<Instruction>, "programs are read in place");
static_assert(sizeof(Instruction) == 16);

}  // namespace policy

#endif  // RUNTIME_PROGRAM_INSTRUCTION_H_
