#include "compiler/driver/explanation.h"

#include <fmt/format.h>

#include <vector>

#include "runtime/program/disassemble.h"
#include "runtime/program/layout.h"
#include "runtime/value/civil_time.h"
#include "runtime/vm/cause.h"
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

std::string ValueText(const Value& value) {
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

std::string TestLine(const Layout& layout, const Instruction& test, Truth truth,
                     const Frame& frame) {
  const Value& value = frame.slot(test.slot);
  const std::string path = layout.SlotPath(test.slot);
  std::string why = fmt::format("{} is {}", path, ValueText(value));
  if (TakesDefault(test, value)) why += ", so `absent` counts";
  if (truth == Truth::Unknown && !TakesDefault(test, value)) {
    why = CauseOfUnknown(path, static_cast<Predicate>(test.predicate), value);
    const bool is_there = value.kind != ValueKind::Absent && value.kind != ValueKind::Broken;
    if (is_there) why += fmt::format(": {}", ValueText(value));
  }
  return fmt::format("    {}: {}; {}\n", ConditionText(layout, test), Verdict(truth), why);
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

// "/tools/send/require/0 (require, line 5)"
std::string RuleHead(const Layout& layout, std::uint32_t id) {
  const format::Rule& rule = layout.rules()[id];
  return fmt::format("  {} ({}, line {})", layout.text(rule.id), NameOf(rule.kind), rule.line);
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
      conditions += TestLine(layout, instruction, step.truth, frame);
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
