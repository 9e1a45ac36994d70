// The code of a program as its engine's loop likes it best: steps that know where each truth leads.
//
// Most code keeps its truth in register 0 alone. What that register holds is then known at every
// place of the code, or one of three; so for each instruction and truth there is a step of its own,
// and what only writes, combines or jumps is gone. A test is left with three places to go to, a
// rule with the truth that it fires by. Code that needs more goes on by its instructions.
#ifndef RUNTIME_PROGRAM_STEP_GRAPH_H_
#define RUNTIME_PROGRAM_STEP_GRAPH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/program/instruction.h"
#include "runtime/value/predicate.h"
#include "runtime/value/truth.h"

namespace policy {

enum class StepKind : std::uint8_t {
  End,
  Resume,  // on with instruction `subject`; register 0 holds `truth`, the others nothing yet
  Allow,   // notes rule `subject` with `truth`, as do the next two
  Deny,
  Approve,
  CloseArguments,  // instruction `subject`
  Limit,           // `subject`
  // Tests of `slot`, which is no derived value.
  LessNumber,  // against `coefficient` and `exponent`, as do the next three
  LessOrEqualNumber,
  GreaterNumber,
  GreaterOrEqualNumber,
  EqualString,  // against `operand`, as do the next three
  InShorts,     // a set that has Operand::shorts
  StartsWith,
  EndsWith,
  OtherTest,  // instruction `subject`
};

struct Step {
  StepKind kind = StepKind::End;
  Truth truth = Truth::Unknown;
  std::uint16_t slot = 0;
  std::uint32_t next[3] = {};  // by the truth of a test, not negated but for OtherTest; else [0]
  union {
    const Operand* operand = nullptr;
    std::int64_t coefficient;
  };
  std::uint32_t subject = 0;
  std::int8_t exponent = 0;
};
static_assert(sizeof(Step) == 32, "two in a line of the cache");

class StepGraph {
 public:
  // Both, and what they refer to, outlive the graph. `code` is proven; slots are numbered below
  // `slot_count`.
  StepGraph(std::span<const Instruction> code, std::span<const Operand> operands,
            std::uint32_t slot_count);

  // The first step of the block that begins at instruction `start`. At most three steps are made
  // for an instruction, however many blocks lead to it.
  std::uint32_t StepsOf(std::uint32_t start);

  // Valid until the next StepsOf.
  std::span<const Step> steps() const { return steps_; }
  // No more blocks will be asked for.
  void Finish();

 private:
  // Register 0 before an instruction.
  struct Place {
    std::uint32_t instruction = 0;
    Truth truth = Truth::Unknown;
  };

  std::uint32_t StepAt(Place place);
  Place PastWhatOnlyWrites(Place place) const;
  void Write(std::uint32_t step, Place place);
  void WriteTest(Step& step, Place place);
  bool WritePlainTest(Step& step, const Instruction& test) const;

  std::span<const Instruction> code_;
  std::span<const Operand> operands_;
  std::uint32_t slot_count_;
  std::vector<Step> steps_;
  std::vector<std::uint32_t> step_of_;  // three an instruction, by truth
  struct Unwritten {
    std::uint32_t step = 0;
    Place place;
  };
  std::vector<Unwritten> unwritten_;
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_STEP_GRAPH_H_
