#include "compiler/testing/explanation.h"

#include <fmt/format.h>

#include <set>
#include <span>
#include <vector>

#include "runtime/program/disassemble.h"
#include "runtime/program/layout.h"
#include "runtime/program/value_text.h"
#include "runtime/value/civil_time.h"
#include "runtime/vm/blame.h"
#include "runtime/vm/derive.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/message.h"

namespace policy {
namespace {

constexpr std::size_t kValueBytesShown = 120;

std::string Cut(std::string_view text) {
  if (text.size() <= kValueBytesShown) return std::string(text);
  std::size_t size = kValueBytesShown;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "…";
}

std::string ShownValue(const Value& value) {
  switch (value.kind) {
    case ValueKind::Absent:
      return "missing";
    case ValueKind::Broken:
      return "out of reach";
    case ValueKind::Null:
      return "null";
    case ValueKind::Bool:
      return value.boolean ? "true" : "false";
    case ValueKind::Number:
      return value.data != nullptr ? Cut(value.text()) : ToText(value.number());
    case ValueKind::InexactNumber:
      return Cut(value.text());
    case ValueKind::String:
      return QuotedText(value.text(), kValueBytesShown);
    case ValueKind::List:
    case ValueKind::Record:
      return Cut(value.text());
    case ValueKind::Time:
      return FormatInstant(value.coefficient);
    case ValueKind::Duration:
      return fmt::format("{} ns", value.coefficient);
  }
  return "";
}

std::string_view Verdict(Truth truth) {
  constexpr std::string_view kVerdicts[] = {"failed", "unknown", "held"};
  return kVerdicts[static_cast<std::size_t>(truth)];
}

// Whether the condition is unknown of itself, or was given its answer for an absent value.
bool TakesDefault(const Instruction& test, const Value& value) {
  return (test.flags & kFlagAbsentMask) != 0 && value.kind == ValueKind::Absent;
}

// "2 of 3 held, 1 failed, 0 unknown; the first that failed: args.to[1], \"b@y.org\"".
std::string TallyText(const Layout& layout, const format::Derived& quantifier, Frame& frame) {
  ElementWalk walk(frame, quantifier);
  if (!walk.is_list()) return "";
  std::size_t counts[3] = {};
  std::string first_failed;
  for (Truth truth; walk.Next(truth);) {
    if (truth == Truth::False && counts[static_cast<std::size_t>(Truth::False)] == 0) {
      const BoundElement bound = {quantifier.second, quantifier.first, walk.index()};
      first_failed = fmt::format("; the first that failed: {}, {}",
                                 ValueText(layout, quantifier.second, std::span(&bound, 1)),
                                 ShownValue(ValueAt(frame, quantifier.second)));
    }
    ++counts[static_cast<std::size_t>(truth)];
  }
  return fmt::format("of {} elements {} held, {} failed, {} unknown{}",
                     counts[0] + counts[1] + counts[2], counts[2], counts[0], counts[1],
                     first_failed);
}

// The paths and quantifiers that `number` is made of, whatever lies between, each once.
std::vector<std::uint32_t> PartsOf(const Layout& layout, std::uint32_t number) {
  constexpr std::size_t kPartsMax = 8;
  std::vector<std::uint32_t> parts;
  std::set<std::uint32_t> seen = {number};
  std::vector<std::uint32_t> next = {number};
  while (!next.empty() && parts.size() < kPartsMax) {
    const std::uint32_t part = next.back();
    next.pop_back();
    const format::Derived* const derived = layout.FindDerived(part);
    if (derived == nullptr || derived->kind == format::DerivedKind::Quantified) {
      parts.push_back(part);
      continue;
    }
    for (const std::uint32_t operand : {derived->second, derived->first}) {
      if (operand != format::kNone && seen.insert(operand).second) next.push_back(operand);
    }
  }
  return parts;
}

// What a derived value was made of: "; args.a is 2; args.b is 3".
std::string PartsText(const Layout& layout, std::uint32_t number, Frame& frame) {
  std::string text;
  for (const std::uint32_t part : PartsOf(layout, number)) {
    const format::Derived* const quantifier = layout.FindDerived(part);
    if (part != number) {
      text += fmt::format("; {} is {}", layout.SlotPath(part), ShownValue(ValueAt(frame, part)));
    }
    if (quantifier == nullptr) continue;
    const std::string tally = TallyText(layout, *quantifier, frame);
    if (!tally.empty()) text += "; " + tally;
  }
  return text;
}

std::string TestLine(const Layout& layout, const Instruction& test, Truth truth, Frame& frame) {
  const Value value = ValueAt(frame, test.slot);
  const bool is_derived = layout.FindDerived(test.slot) != nullptr;
  std::string why;  // each part begins with "; "
  if (truth == Truth::Unknown && !TakesDefault(test, value)) {
    const bool is_there = value.kind != ValueKind::Absent && value.kind != ValueKind::Broken;
    why = "; " + CauseOfTest(test, frame);
    if (is_there) why += ": " + ShownValue(value);
  } else if (!is_derived || value.kind != ValueKind::Bool) {  // else the verdict says it
    why = fmt::format("; {} is {}", layout.SlotPath(test.slot), ShownValue(value));
    if (TakesDefault(test, value)) why += ", so `absent` counts";
  }
  if (is_derived) why += PartsText(layout, test.slot, frame);
  return fmt::format("    {}: {}{}\n", ConditionText(layout, test), Verdict(truth), why);
}

// What the truth of its condition made of a rule. `truth` is as in TraceStep.
std::string_view Effect(Opcode opcode, Truth truth) {
  switch (opcode) {
    case Opcode::Allow:
      if (truth == Truth::False) return "does not admit";
      return truth == Truth::True ? "admits" : "unknown, so it does not admit";
    case Opcode::Approve:
      if (truth == Truth::False) return "does not fire";
      return truth == Truth::True ? "fires, a person must release the call"
                                  : "unknown, so a person must release the call";
    case Opcode::Require:
      if (truth == Truth::False) return "met";
      return truth == Truth::True ? "not met, so it denies" : "unknown, so it denies";
    default:
      if (truth == Truth::False) return "does not fire";
      return truth == Truth::True ? "fires, so it denies" : "unknown, so it denies";
  }
}

// "/tools/send/require/0 (require, line 5)", "mail/deny/1 (deny, org/base.policy line 5)"
std::string RuleHead(const Layout& layout, std::uint32_t id) {
  const format::Rule& rule = layout.rules()[id];
  std::string file(layout.text(rule.file));
  if (file == layout.text(layout.header().source_name)) file.clear();
  if (!file.empty()) file += " ";
  return fmt::format("  {} ({}, {}line {})", layout.text(rule.id), NameOf(rule.kind), file,
                     rule.line);
}

// The rules that a Guard keeps the call from.
std::string GuardLines(const Layout& layout, std::uint32_t guard) {
  std::string text;
  const std::span<const Instruction> code = layout.code();
  for (std::uint32_t at = guard + 1; at < code[guard].target; ++at) {
    switch (code[at].opcode) {
      case Opcode::Deny:
      case Opcode::Require:
      case Opcode::Allow:
      case Opcode::Approve:
      case Opcode::CloseArguments:
        text += RuleHead(layout, code[at].constant) + ": its block is for another server\n";
        break;
      case Opcode::Limit:
        text += RuleHead(layout, layout.limits()[code[at].constant].rule) +
                ": its block is for another server\n";
        break;
      default:
        break;
    }
  }
  return text;
}

std::string RuleLine(const Layout& layout, const Instruction& instruction, Truth truth,
                     Frame& frame) {
  std::string line = fmt::format("{}: {}", RuleHead(layout, instruction.constant),
                                 Effect(instruction.opcode, truth));
  std::string_view name;
  if (instruction.opcode == Opcode::CloseArguments &&
      FindUnnamedArgument(instruction, frame, name)) {
    line += fmt::format("; {} is not among them", QuotedText(name, kValueBytesShown));
  }
  return line + "\n";
}

std::string QuotaLine(const Layout& layout, const Quota& quota) {
  const format::Limit& limit = layout.limits()[quota.limit];
  const format::Counter& counter = layout.counters()[limit.counter];
  return fmt::format("{}: {}, {} of {} used\n", RuleHead(layout, limit.rule),
                     quota.is_short ? "has no room" : "has room",
                     ScaledText(quota.used, counter.scale), ScaledText(quota.max, counter.scale));
}

}  // namespace

std::string Explanation(Frame& frame, const Decision& decision) {
  const Layout& layout = frame.program().layout();
  Findings findings;
  std::vector<TraceStep> trace;
  InterpretTraced(frame, findings, trace);
  std::string text;
  std::string conditions;  // of the rule whose instruction is still to come
  for (const TraceStep& step : trace) {
    const Instruction& instruction = layout.code()[step.instruction];
    if (instruction.opcode == Opcode::Test) {
      // Which server a block is for is no condition of its rules.
      if (layout.code()[step.instruction + 1].opcode == Opcode::Guard) continue;
      conditions += TestLine(layout, instruction, step.truth, frame);
      continue;
    }
    if (instruction.opcode == Opcode::Guard) {
      if (step.truth != Truth::True) text += GuardLines(layout, step.instruction);
      conditions.clear();
      continue;
    }
    text += RuleLine(layout, instruction, step.truth, frame) + conditions;
    conditions.clear();
  }
  for (const Quota& quota : decision.quotas) text += QuotaLine(layout, quota);
  for (const std::uint32_t rule : decision.rules) {
    if (decision.quotas.empty() && layout.rules()[rule].kind == format::RuleKind::Limit) {
      text += RuleHead(layout, rule) + ": cannot be counted, so it denies\n";
    }
  }
  if (findings.denials.empty() && findings.allows.empty()) {
    text += fmt::format("{}: {}\n", RuleHead(layout, 0),
                        layout.default_allows() ? "admits" : "no rule admits the tool");
  }
  return text;
}

}  // namespace policy
