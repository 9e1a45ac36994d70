#include "runtime/vm/interpreter.h"

#include <algorithm>
#include <array>
#include <compare>
#include <functional>

#include "policy/check.h"
#include "runtime/program/layout.h"
#include "runtime/program/step_graph.h"
#include "runtime/value/apply.h"
#include "runtime/value/glob.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/predicate.h"
#include "runtime/vm/condition.h"
#include "runtime/vm/native_code.h"

namespace policy {
namespace {

// Where the code of a call notes what it finds. One allow rule is what most calls come to, so the
// first is kept here until it proves not to be all.
class Sink {
 public:
  explicit Sink(Findings& findings) : findings_(&findings) {}

  [[gnu::always_inline]] void Allow(std::uint32_t rule, Truth truth) {
    if (++allow_count_ == 1) [[likely]] {
      allow_ = {rule, truth};
      return;
    }
    if (allow_count_ == 2) findings_->allows.push_back(allow_);
    findings_->allows.push_back({rule, truth});
  }
  void Deny(std::uint32_t rule, Truth truth) {
    HasOthers();
    findings_->denials.push_back({rule, truth});
  }
  void Approve(std::uint32_t rule, Truth truth) {
    HasOthers();
    findings_->approvals.push_back({rule, truth});
  }
  void Limit(std::uint32_t limit) {
    HasOthers();
    findings_->limits.push_back(limit);
  }

  // Others write there by themselves, behind what was found before, and say so.
  Findings& findings() {
    if (allow_count_ == 1) findings_->allows.push_back(allow_);
    if (allow_count_ == 1) ++allow_count_;
    return *findings_;
  }
  void HasOthers() { has_others_ = true; }

  // The rule that alone admits the call, as nothing else was found; else all is in the findings,
  // and kNone.
  std::uint32_t Finish() {
    if (allow_count_ == 1) {
      if (!has_others_ && allow_.truth == Truth::True) return allow_.rule;
      findings_->allows.push_back(allow_);
    }
    return format::kNone;
  }

 private:
  Findings* findings_;
  FoundRule allow_;
  std::uint32_t allow_count_ = 0;
  bool has_others_ = false;
};

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
const Instruction* NextOf(const Instruction* instruction, Truth truth, const Instruction* code) {
  if constexpr (Trace::kTakesShortcuts) {
    if (TakesJump(*instruction, truth)) return code + instruction->target;
  }
  return instruction + 1;
}

// `first`: what register 0 holds.
template <typename Trace>
void RunBlock(std::uint32_t start, Truth first, Frame& frame, Sink& sink, Trace& trace) {
  const Layout& layout = frame.program().layout();
  const Instruction* const code = layout.code().data();
  const Operand* const operands = layout.operands().data();
  std::array<Truth, 256> registers;
  // Few programs use more than the first ones: these are filled without a call.
  constexpr std::size_t kUsualCount = 16;
  std::fill_n(registers.begin(), kUsualCount, Truth::Unknown);
  if (layout.register_count() > kUsualCount) registers.fill(Truth::Unknown);
  registers[0] = first;

  for (const Instruction* at = code + start;;) {
    const auto note = [&](Truth truth) {
      trace.Note(static_cast<std::uint32_t>(at - code), truth);
    };
    Truth& target = registers[at->dst];
    switch (at->opcode) {
      case Opcode::Test: {
        const Truth truth = RunTest(*at, operands, frame);
        note(truth);
        const Truth written = Written(*at, truth, target);
        target = written;
        at = NextOf<Trace>(at, written, code);
        continue;
      }
      case Opcode::Constant:
        target = Written(*at, static_cast<Truth>(at->predicate), target);
        break;
      case Opcode::Combine: {
        const Truth source = registers[at->predicate];
        target = Written(*at, (at->flags & kFlagNegate) != 0 ? Not(source) : source, target);
        at = NextOf<Trace>(at, target, code);
        continue;
      }
      case Opcode::Jump:
        at = code + at->target;
        continue;
      case Opcode::Guard:  // taken for real in a trace too: the rules behind it are not the call's
        note(target);
        at = target == Truth::True ? at + 1 : code + at->target;
        continue;
      case Opcode::Index:
        at = Trace::kTakesShortcuts
                 ? code + RunIndex(*at, layout, frame, static_cast<std::uint32_t>(at - code))
                 : at + 1;
        continue;
      case Opcode::Deny:
        note(target);
        if (target != Truth::False) sink.Deny(at->constant, target);
        break;
      case Opcode::Require:
        note(Not(target));
        if (target != Truth::True) sink.Deny(at->constant, Not(target));
        break;
      case Opcode::Allow:
        note(target);
        sink.Allow(at->constant, target);
        break;
      case Opcode::Approve:
        note(target);
        if (target != Truth::False) sink.Approve(at->constant, target);
        break;
      case Opcode::CloseArguments: {
        std::string_view name;
        const bool fires = FindUnnamedArgument(*at, frame, name);
        note(ToTruth(fires));
        if (fires) sink.Deny(at->constant, Truth::True);
        break;
      }
      case Opcode::Limit:
        sink.Limit(at->constant);
        break;
      case Opcode::End:
        return;
    }
    ++at;
  }
}

template <typename Test>
Truth TestNumber(const Step& step, const Value& value, Test is_so) {
  if (value.kind != ValueKind::Number) return Truth::Unknown;
  Decimal number = value.number();
  Decimal limit = {step.coefficient, step.exponent};
  if (decimal::Align(number, limit)) return ToTruth(is_so(number.coefficient, limit.coefficient));
  const std::strong_ordering order = decimal::CompareAny(number, limit);
  return ToTruth(is_so(order < 0 ? -1 : order > 0 ? 1 : 0, 0));
}

// The same as RunBlock for code that keeps to register 0, which most does.
[[gnu::always_inline]] inline void RunSteps(std::uint32_t first, Frame& frame, Sink& sink) {
  using std::string_view;
  const Layout& layout = frame.program().layout();
  const Step* const steps = layout.steps();
  for (const Step* step = steps + first;;) {
    const auto value = [&]() -> const Value& { return frame.slot(step->slot); };
    const auto go_on = [&] { step = steps + step->next[0]; };
    const auto follow = [&](Truth truth) {
      step = steps + step->next[static_cast<std::size_t>(truth)];
    };
    switch (step->kind) {
      case StepKind::End:
        return;
      case StepKind::Resume: {
        NoTrace trace;
        Sink rest = sink;  // its address is known to nobody else, so that it needs no memory
        RunBlock(step->subject, step->truth, frame, rest, trace);
        sink = rest;
        return;
      }
      case StepKind::Allow:
        sink.Allow(step->subject, step->truth);
        go_on();
        continue;
      case StepKind::Deny:
        sink.Deny(step->subject, step->truth);
        go_on();
        continue;
      case StepKind::Approve:
        sink.Approve(step->subject, step->truth);
        go_on();
        continue;
      case StepKind::CloseArguments: {
        const Instruction& close = layout.code()[step->subject];
        std::string_view name;
        if (FindUnnamedArgument(close, frame, name)) sink.Deny(close.constant, Truth::True);
        go_on();
        continue;
      }
      case StepKind::Limit:
        sink.Limit(step->subject);
        go_on();
        continue;
      case StepKind::LessNumber:
        follow(TestNumber(*step, value(), std::less<>()));
        continue;
      case StepKind::LessOrEqualNumber:
        follow(TestNumber(*step, value(), std::less_equal<>()));
        continue;
      case StepKind::GreaterNumber:
        follow(TestNumber(*step, value(), std::greater<>()));
        continue;
      case StepKind::GreaterOrEqualNumber:
        follow(TestNumber(*step, value(), std::greater_equal<>()));
        continue;
      case StepKind::EqualString:
        follow(ApplyInline(Predicate::EqualString, value(), *step->operand));
        continue;
      case StepKind::InShorts:
        follow(apply::OfText(value(), [&](string_view text) {
          return ToTruth(apply::HasShort(*step->operand, text));
        }));
        continue;
      case StepKind::StartsWith:
        follow(ApplyInline(Predicate::StartsWith, value(), *step->operand));
        continue;
      case StepKind::EndsWith:
        follow(ApplyInline(Predicate::EndsWith, value(), *step->operand));
        continue;
      case StepKind::OtherTest:
        follow(RunTest(layout.code()[step->subject], layout.operands().data(), frame));
        continue;
    }
  }
}

// Runs the block by its machine code, where there is any.
template <typename Trace>
[[gnu::always_inline]] inline void RunAnyBlock(Layout::Block block, Frame& frame, Sink& sink,
                                               Trace& trace) {
  if constexpr (Trace::kTakesShortcuts) {
    const NativeCode* const native = frame.program().native();
    if (native != nullptr && native->Run(block.number, frame, sink.findings())) {
      return sink.HasOthers();
    }
    return RunSteps(block.first_step, frame, sink);
  }
  RunBlock(block.code, Truth::Unknown, frame, sink, trace);
}

// The blocks of the patterns that cover a tool which no statement names. Patterns of one statement
// share its code and stand side by side.
template <typename Trace>
void RunPatterns(Frame& frame, Sink& sink, Trace& trace) {
  const Layout& layout = frame.program().layout();
  std::uint32_t last_code = format::kNone;
  const auto run = [&](std::uint32_t id) {
    const format::Pattern& pattern = layout.patterns()[id];
    if (pattern.code == last_code) return;
    if (!GlobMatches(layout.text(pattern.pattern), frame.tool())) return;
    last_code = pattern.code;
    RunAnyBlock(layout.BlockOf(pattern), frame, sink, trace);
  };
  if constexpr (Trace::kTakesShortcuts) {
    layout.pattern_index().ForEachCandidate(frame.tool(), run);
  } else {
    for (std::uint32_t id = 0; id < layout.patterns().size(); ++id) run(id);  // in policy order
  }
}

template <typename Trace>
[[gnu::always_inline]] inline void RunTool(Frame& frame, Sink& sink, Trace& trace) {
  const auto block = frame.program().layout().FindToolBlock(frame.tool(), frame.tool_hash());
  if (block.number != format::kNone) [[likely]] {
    return RunAnyBlock(block, frame, sink, trace);
  }
  Sink patterns = sink;
  RunPatterns(frame, patterns, trace);
  sink = patterns;
}

}  // namespace

std::uint32_t FindSoleAllow(Frame& frame, Findings& findings) {
  NoTrace trace;
  Sink sink(findings);
  RunTool(frame, sink, trace);
  return sink.Finish();
}

void Interpret(Frame& frame, Findings& findings) {
  const std::uint32_t allow = FindSoleAllow(frame, findings);
  if (allow != format::kNone) findings.allows.push_back({allow, Truth::True});
}

void InterpretBlock(std::uint32_t start, Frame& frame, Findings& findings) {
  NoTrace trace;
  Sink sink(findings);
  RunBlock(start, Truth::Unknown, frame, sink, trace);
  sink.HasOthers();
  sink.Finish();
}

void InterpretTraced(Frame& frame, Findings& findings, std::vector<TraceStep>& steps) {
  FullTrace trace{steps};
  Sink sink(findings);
  RunTool(frame, sink, trace);
  sink.HasOthers();
  sink.Finish();
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
