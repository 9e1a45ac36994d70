// One test of a program: what the interpreter's blocks and the bodies of quantifiers share.
#ifndef RUNTIME_VM_CONDITION_H_
#define RUNTIME_VM_CONDITION_H_

#include <cstdint>

#include "runtime/program/frame.h"
#include "runtime/program/instruction.h"
#include "runtime/program/layout.h"
#include "runtime/program/register_write.h"
#include "runtime/value/apply.h"
#include "runtime/value/predicate.h"
#include "runtime/value/truth.h"
#include "runtime/vm/derive.h"

namespace policy {

// What a Test instruction says, negated and defaulted. `operands`: those of the program's layout.
[[gnu::always_inline]] inline Truth RunTest(const Instruction& test, const Operand* operands,
                                            Frame& frame) {
  const Value& value = ValueAt(frame, test.slot);
  const int when_absent = (test.flags & kFlagAbsentMask) >> kFlagAbsentShift;
  if (when_absent != 0 && value.kind == ValueKind::Absent) {
    return static_cast<Truth>(when_absent - 1);
  }
  Truth truth;
  if (test.memo != 0 && frame.memo(test.memo) != Frame::kMemoEmpty) {
    truth = static_cast<Truth>(frame.memo(test.memo));
  } else {
    truth = ApplyInline(static_cast<Predicate>(test.predicate), value, operands[test.constant]);
    if (test.memo != 0) frame.Remember(test.memo, static_cast<std::uint8_t>(truth));
  }
  return (test.flags & kFlagNegate) != 0 ? Not(truth) : truth;
}

// Where an Index instruction at `at` goes to. A switch over the literals of a table is sound only
// for a value of their kind: any other makes the tests it stands for unknown, not false.
inline std::uint32_t RunIndex(const Instruction& index, const Layout& layout, const Frame& frame,
                              std::uint32_t at) {
  const Value& value = frame.slot(index.slot);
  if (!layout.TakesIndex(index.constant, value)) return at + 1;
  const std::uint32_t target = layout.FindIndexTarget(index.constant, value);
  return target == format::kNone ? index.target : target;
}

}  // namespace policy

#endif  // RUNTIME_VM_CONDITION_H_
