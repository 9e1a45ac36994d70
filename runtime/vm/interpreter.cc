#include "runtime/vm/interpreter.h"

#include <algorithm>
#include <array>

#include "policy/check.h"
#include "runtime/program/layout.h"
#include "runtime/value/glob.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/predicate.h"
#include "runtime/vm/condition.h"
#include "runtime/vm/native_code.h"

namespace policy {
namespace {

// The hot path pays nothing for tracing: every question asked of this is answered at compile time.
struct NoTrace {
  static constexpr bool kTakesShortcuts = true;
  static void Note(std::uint32_t, Truth) {}
};

struct FullTrace {
  static constexpr bool kTakesShortcuts = false;
  std::vector<TraceStep>& steps;
  void Note(std::uint32_t instruction, Truth truth) { steps.push_back({instruction, truth}); }
};

template <typename Trace>
std::uint32_t NextOf(const Instruction& instruction, Truth truth, std::uint32_t at) {
  if constexpr (Trace::kTakesShortcuts) {
    if (TakesJump(instruction, truth)) return instruction.target;
  }
  return at + 1;
}

template <typename Trace>
void RunBlock(std::uint32_t start, Frame& frame, Findings& findings, Trace& trace) {
  const Layout& layout = frame.program().layout();
  const Instruction* const code = layout.code().data();
  const Operand* const operands = layout.operands().data();
  std::array<Truth, 256> registers;
  // Few programs use more than the first ones: these are filled without a call.
  constexpr std::size_t kUsualCount = 32;
  std::fill_n(registers.begin(), kUsualCount, Truth::Unknown);
  if (layout.register_count() > kUsualCount) registers.fill(Truth::Unknown);

  for (std::uint32_t at = start;;) {
    const Instruction& instruction = code[at];
    Truth& target = registers[instruction.dst];
    switch (instruction.opcode) {
      case Opcode::Test: {
        const Truth truth = RunTest(instruction, operands, frame);
        trace.Note(at, truth);
        WriteTruth(instruction, truth, target);
        at = NextOf<Trace>(instruction, target, at);
        continue;
      }
      case Opcode::Constant:
        WriteTruth(instruction, static_cast<Truth>(instruction.predicate), target);
        break;
      case Opcode::Combine: {
        const Truth source = registers[instruction.predicate];
        WriteTruth(instruction, (instruction.flags & kFlagNegate) != 0 ? Not(source) : source,
                   target);
        at = NextOf<Trace>(instruction, target, at);
        continue;
      }
      case Opcode::Jump:
        at = instruction.target;
        continue;
      case Opcode::Guard:  // taken for real in a trace too: the rules behind it are not the call's
        trace.Note(at, target);
        at = target == Truth::True ? at + 1 : instruction.target;
        continue;
      case Opcode::Index:
        at = Trace::kTakesShortcuts ? RunIndex(instruction, layout, frame, at) : at + 1;
        continue;
      case Opcode::Deny:
        trace.Note(at, target);
        if (target != Truth::False) findings.denials.push_back({instruction.constant, target});
        break;
      case Opcode::Require:
        trace.Note(at, Not(target));
        if (target != Truth::True) findings.denials.push_back({instruction.constant, Not(target)});
        break;
      case Opcode::Allow:
        trace.Note(at, target);
        findings.allows.push_back({instruction.constant, target});
        break;
      case Opcode::Approve:
        trace.Note(at, target);
        if (target != Truth::False) findings.approvals.push_back({instruction.constant, target});
        break;
      case Opcode::CloseArguments: {
        std::string_view name;
        const bool fires = FindUnnamedArgument(instruction, frame, name);
        trace.Note(at, ToTruth(fires));
        if (fires) findings.denials.push_back({instruction.constant, Truth::True});
        break;
      }
      case Opcode::Limit:
        findings.limits.push_back(instruction.constant);
        break;
      case Opcode::End:
        return;
    }
    ++at;
  }
}

// Whether the block's machine code answered.
template <typename Trace>
bool RunNative(std::uint32_t block, Frame& frame, Findings& findings) {
  if constexpr (Trace::kTakesShortcuts) {
    const NativeCode* const native = frame.program().native();
    return native != nullptr && native->Run(block, frame, findings);
  }
  return false;
}

template <typename Trace>
void RunPattern(const format::Pattern& pattern, Frame& frame, Findings& findings, Trace& trace) {
  const Layout& layout = frame.program().layout();
  const auto position = static_cast<std::size_t>(&pattern - layout.patterns().data());
  const auto block = static_cast<std::uint32_t>(layout.tools().size() + position);
  if (!RunNative<Trace>(block, frame, findings)) RunBlock(pattern.code, frame, findings, trace);
}

// The blocks of the patterns that cover a tool which no statement names. Patterns of one statement
// share its code and stand side by side.
template <typename Trace>
void RunPatterns(Frame& frame, Findings& findings, Trace& trace) {
  const Layout& layout = frame.program().layout();
  std::uint32_t last_code = format::kNone;
  const auto run = [&](std::uint32_t id) {
    const format::Pattern& pattern = layout.patterns()[id];
    if (pattern.code == last_code) return;
    if (!GlobMatches(layout.text(pattern.pattern), frame.tool)) return;
    last_code = pattern.code;
    RunPattern(pattern, frame, findings, trace);
  };
  if constexpr (Trace::kTakesShortcuts) {
    layout.pattern_index().ForEachCandidate(frame.tool, run);
  } else {
    for (std::uint32_t id = 0; id < layout.patterns().size(); ++id) run(id);  // in policy order
  }
}

template <typename Trace>
void RunTool(Frame& frame, Findings& findings, Trace& trace) {
  const Layout& layout = frame.program().layout();
  if (const format::Tool* tool = layout.FindTool(frame.tool)) {
    const auto block = static_cast<std::uint32_t>(tool - layout.tools().data());
    if (RunNative<Trace>(block, frame, findings)) return;
    RunBlock(tool->code, frame, findings, trace);
    return;
  }
  RunPatterns(frame, findings, trace);
}

}  // namespace

void Interpret(Frame& frame, Findings& findings) {
  NoTrace trace;
  RunTool(frame, findings, trace);
}

void InterpretBlock(std::uint32_t start, Frame& frame, Findings& findings) {
  NoTrace trace;
  RunBlock(start, frame, findings, trace);
}

void InterpretTraced(Frame& frame, Findings& findings, std::vector<TraceStep>& trace) {
  FullTrace full{trace};
  RunTool(frame, findings, full);
}

bool FindUnnamedArgument(const Instruction& close, Frame& frame, std::string_view& name) {
  const Operand& names = frame.program().layout().operands()[close.target];
  RecordWalk walk(frame.arguments);
  for (std::string_view key, value; walk.Next(key, value);) {
    name = WithoutQuotes(key);
    if (HasEscapes(key)) {
      char* const room = frame.Reserve(key.size());
      name = {room, Unescape(key, room)};
    }
    if (names.kind == OperandKind::None ||
        Apply(Predicate::InStrings, Value::MakeString(name), names) != Truth::True) {
      return true;
    }
  }
  return false;
}

}  // namespace policy
