#include "runtime/program/step_graph.h"

#include <utility>

#include "runtime/program/format.h"
#include "runtime/program/register_write.h"

namespace policy {
namespace {

// Whether it reads or writes another register than 0, or needs more than its truth.
bool IsBeyondSteps(const Instruction& instruction) {
  return instruction.dst != 0 || instruction.opcode == Opcode::Combine ||
         instruction.opcode == Opcode::Index;
}

// Whatever register 0 held is gone behind it.
bool Overwrites(const Instruction& instruction) {
  const bool writes = instruction.opcode == Opcode::Test || instruction.opcode == Opcode::Constant;
  return writes && static_cast<WriteMode>(instruction.flags & kFlagModeMask) == WriteMode::Set;
}

}  // namespace

StepGraph::StepGraph(std::span<const Instruction> code, std::span<const Operand> operands,
                     std::uint32_t slot_count)
    : code_(code),
      operands_(operands),
      slot_count_(slot_count),
      step_of_(code.size() * 3, format::kNone) {
  steps_.reserve(code.size());
}

std::uint32_t StepGraph::StepsOf(std::uint32_t start) {
  const std::uint32_t first = StepAt({start, Truth::Unknown});
  while (!unwritten_.empty()) {
    const Unwritten next = unwritten_.back();
    unwritten_.pop_back();
    Write(next.step, next.place);
  }
  return first;
}

void StepGraph::Finish() {
  step_of_ = {};
  unwritten_ = {};
  steps_.shrink_to_fit();
}

std::uint32_t StepGraph::StepAt(Place place) {
  place = PastWhatOnlyWrites(place);
  std::uint32_t& step =
      step_of_[place.instruction * std::size_t{3} + static_cast<std::size_t>(place.truth)];
  if (step == format::kNone) {
    step = static_cast<std::uint32_t>(steps_.size());
    steps_.emplace_back();
    unwritten_.push_back({step, place});
  }
  return step;
}

// The first instruction from `place` on that has something to do in a call. Jumps go forward only,
// so there is one.
StepGraph::Place StepGraph::PastWhatOnlyWrites(Place place) const {
  for (;;) {
    const Instruction& instruction = code_[place.instruction];
    if (IsBeyondSteps(instruction)) return place;
    const Truth truth = place.truth;
    std::uint32_t next = place.instruction + 1;
    switch (instruction.opcode) {
      case Opcode::Constant:
        place.truth = Written(instruction, static_cast<Truth>(instruction.predicate), truth);
        break;
      case Opcode::Jump:
        next = instruction.target;
        break;
      case Opcode::Guard:
        if (truth != Truth::True) next = instruction.target;
        break;
      case Opcode::Deny:
      case Opcode::Approve:
        if (truth != Truth::False) return place;
        break;
      case Opcode::Require:
        if (truth != Truth::True) return place;
        break;
      default:
        if (Overwrites(instruction)) place.truth = Truth::Unknown;
        return place;
    }
    place.instruction = next;
  }
}

void StepGraph::Write(std::uint32_t number, Place place) {
  const Instruction& instruction = code_[place.instruction];
  Step step;
  step.truth = place.truth;
  step.subject = instruction.constant;
  if (IsBeyondSteps(instruction)) {
    step.kind = StepKind::Resume;
    step.subject = place.instruction;
    steps_[number] = step;
    return;
  }
  switch (instruction.opcode) {
    case Opcode::Test:
      WriteTest(step, place);
      steps_[number] = step;
      return;
    case Opcode::Allow:
      step.kind = StepKind::Allow;
      break;
    case Opcode::Deny:
      step.kind = StepKind::Deny;
      break;
    case Opcode::Require:
      step.kind = StepKind::Deny;
      step.truth = Not(place.truth);
      break;
    case Opcode::Approve:
      step.kind = StepKind::Approve;
      break;
    case Opcode::CloseArguments:
      step.kind = StepKind::CloseArguments;
      step.subject = place.instruction;
      break;
    case Opcode::Limit:
      step.kind = StepKind::Limit;
      break;
    default:  // End: the others were stepped over
      steps_[number] = step;
      return;
  }
  step.next[0] = StepAt({place.instruction + 1, place.truth});
  steps_[number] = step;
}

void StepGraph::WriteTest(Step& step, Place place) {
  const Instruction& test = code_[place.instruction];
  const bool is_plain = WritePlainTest(step, test);
  if (!is_plain) {
    step.kind = StepKind::OtherTest;
    step.subject = place.instruction;
  }
  for (const Truth said : {Truth::False, Truth::Unknown, Truth::True}) {
    const bool negates = is_plain && (test.flags & kFlagNegate) != 0;
    const Truth written = Written(test, negates ? Not(said) : said, place.truth);
    const std::uint32_t next = TakesJump(test, written) ? test.target : place.instruction + 1;
    step.next[static_cast<std::size_t>(said)] = StepAt({next, written});
  }
}

// False: it says what a test says in more ways than its predicate.
bool StepGraph::WritePlainTest(Step& step, const Instruction& test) const {
  if (test.slot >= slot_count_ || test.memo != 0 || (test.flags & kFlagAbsentMask) != 0) {
    return false;
  }
  const Operand& operand = operands_[test.constant];
  step.slot = test.slot;
  step.operand = &operand;
  const auto compares = [&](StepKind kind) {
    step.kind = kind;
    step.coefficient = operand.number.coefficient;
    step.exponent = operand.number.exponent;
    return true;
  };
  switch (static_cast<Predicate>(test.predicate)) {
    case Predicate::LessNumber:
      return compares(StepKind::LessNumber);
    case Predicate::LessOrEqualNumber:
      return compares(StepKind::LessOrEqualNumber);
    case Predicate::GreaterNumber:
      return compares(StepKind::GreaterNumber);
    case Predicate::GreaterOrEqualNumber:
      return compares(StepKind::GreaterOrEqualNumber);
    case Predicate::EqualString:
      step.kind = StepKind::EqualString;
      return true;
    case Predicate::InStrings:
      step.kind = StepKind::InShorts;
      return !operand.shorts.empty();
    case Predicate::StartsWith:
      step.kind = StepKind::StartsWith;
      return true;
    case Predicate::EndsWith:
      step.kind = StepKind::EndsWith;
      return true;
    default:
      return false;
  }
}

}  // namespace policy
