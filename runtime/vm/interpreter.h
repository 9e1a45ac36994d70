// Runs the code of a verified program over a filled frame. The truth in production: other engines
// must agree with it.
#ifndef RUNTIME_VM_INTERPRETER_H_
#define RUNTIME_VM_INTERPRETER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/program/frame.h"
#include "runtime/program/instruction.h"
#include "runtime/value/truth.h"
#include "runtime/vm/findings.h"

namespace policy {

// One Test, Guard, CloseArguments or rule instruction that ran. `truth` of a Test is what it says,
// negated and defaulted, before it is combined with others; of a Guard its register's, and only
// True goes on to what it guards; of a rule as in FoundRule (Allow: as it is).
struct TraceStep {
  std::uint32_t instruction = 0;
  Truth truth = Truth::Unknown;
};

// Runs every block that covers the frame's tool. The slots, context included, must be filled. Adds
// to `findings`. Never fails; time is bounded by the program and the size of the call. Blocks that
// the program has machine code for are run by it (native_code.h).
void Interpret(Frame& frame, Findings& findings);

// The same, but where an allow rule that is true is all that was found, it is returned, and
// `findings` stays as it is; else kNone.
std::uint32_t FindSoleAllow(Frame& frame, Findings& findings);

// Runs the block that begins at instruction `start`, by the interpreter.
void InterpretBlock(std::uint32_t start, Frame& frame, Findings& findings);

// The same findings by the long way: conditional jumps and indexes are not taken, so that every
// test is in `steps`. The tests of a rule, and of a Guard, stand directly before it.
void InterpretTraced(Frame& frame, Findings& findings, std::vector<TraceStep>& steps);

// The first top-level argument of the call that a CloseArguments instruction does not name, decoded
// into the frame's arena. False when it names all.
bool FindUnnamedArgument(const Instruction& close, Frame& frame, std::string_view& name);

}  // namespace policy

#endif  // RUNTIME_VM_INTERPRETER_H_
