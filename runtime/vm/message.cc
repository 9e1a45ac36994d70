#include "runtime/vm/message.h"

#include <fmt/core.h>

#include <vector>

#include "runtime/program/layout.h"
#include "runtime/program/rule_ids.h"
#include "runtime/vm/blame.h"
#include "runtime/vm/interpreter.h"

namespace policy {
namespace {

bool IsRuleInstruction(const Instruction& instruction) {
  switch (instruction.opcode) {
    case Opcode::Deny:
    case Opcode::Require:
    case Opcode::Allow:
    case Opcode::Approve:
    case Opcode::CloseArguments:
      return true;
    default:
      return false;
  }
}

// The instruction that fires `rule`, and of the tests before it the first that is unknown.
struct Blame {
  const Instruction* rule = nullptr;
  const Instruction* test = nullptr;
};

Blame FindBlame(std::uint32_t rule, Frame& frame) {
  Findings findings;
  std::vector<TraceStep> trace;
  InterpretTraced(frame, findings, trace);
  const std::span<const Instruction> code = frame.program().layout().code();
  Blame blame;
  for (const TraceStep& step : trace) {
    const Instruction& instruction = code[step.instruction];
    if (instruction.opcode == Opcode::Guard) {  // what was tested before asks for whom rules are
      blame.test = nullptr;
      continue;
    }
    if (!IsRuleInstruction(instruction)) {
      if (blame.test == nullptr && step.truth == Truth::Unknown) blame.test = &instruction;
      continue;
    }
    blame.rule = &instruction;
    if (instruction.constant == rule) return blame;
    blame.test = nullptr;
  }
  return {};
}

std::string CauseText(const Blame& blame, Frame& frame) {
  if (blame.test == nullptr) return "a condition could not be decided";
  return CauseOfTest(*blame.test, frame);
}

std::string ClosedMessage(const Blame& blame, Frame& frame) {
  std::string_view name;
  if (blame.rule == nullptr || !FindUnnamedArgument(*blame.rule, frame, name)) return "";
  return fmt::format("the policy does not permit the argument `{}` of `{}`", name, frame.tool);
}

// Names the server too: calling it by another name than the lock does is a common mistake.
std::string LockMessage(const Frame& frame) {
  const Layout& layout = frame.program().layout();
  const std::uint32_t node =
      layout.FindMember(static_cast<std::uint32_t>(format::Root::Tool), "server");
  const std::uint32_t slot = node == format::kNone ? node : layout.path_nodes()[node].slot;
  if (slot == format::kNone) return fmt::format("the lock holds no tool `{}`", frame.tool);
  return fmt::format("the lock holds no tool `{}` of server `{}`", frame.tool,
                     frame.slot(slot).text());
}

std::string_view KindText(format::RuleKind kind) {
  switch (kind) {
    case format::RuleKind::Require:
      return "does not meet a requirement of the policy";
    case format::RuleKind::Allow:
      return "is permitted only under conditions that this call does not meet";
    case format::RuleKind::Approve:
      return "must be released by a person";
    default:
      return "is denied by the policy";
  }
}

std::string SecondsText(std::uint32_t seconds) {
  if (seconds == 1) return "second";
  if (seconds == 60) return "minute";
  if (seconds == 3'600) return "hour";
  return seconds % 3'600 == 0 ? fmt::format("{} h", seconds / 3'600) : fmt::format("{} s", seconds);
}

std::string WindowText(const format::Counter& counter) {
  if (counter.algorithm == format::Algorithm::Concurrency) return "at once";
  if (counter.algorithm == format::Algorithm::Sliding) {
    return "in any " + SecondsText(counter.window_seconds);
  }
  switch (counter.window) {
    case format::WindowKind::Seconds:
      return "per " + SecondsText(counter.window_seconds);
    case format::WindowKind::Day:
      return "per day";
    case format::WindowKind::Week:
      return "per week";
    case format::WindowKind::Month:
      return "per month";
    case format::WindowKind::Lifetime:
      return "in all";
  }
  return "";
}

}  // namespace

std::string RuleMessage(const FoundRule& found, Frame& frame) {
  const Layout& layout = frame.program().layout();
  const format::Rule& rule = layout.rules()[found.rule];
  std::string message(layout.text(rule.message));
  const bool is_unknown = found.truth == Truth::Unknown;
  const bool is_of_lock = layout.text(rule.id) == kLockRuleId;
  if (message.empty() && is_of_lock && rule.kind != format::RuleKind::CloseArguments) {
    return LockMessage(frame);
  }
  if (message.empty() && rule.kind == format::RuleKind::Hide) {
    return fmt::format("the tool `{}` is not available", frame.tool);
  }
  if (rule.kind == format::RuleKind::CloseArguments && message.empty()) {
    message = ClosedMessage(FindBlame(found.rule, frame), frame);
  }
  if (message.empty()) {
    message = fmt::format("`{}` {}", frame.tool, KindText(rule.kind));
  }
  if (is_unknown) message += " (" + CauseText(FindBlame(found.rule, frame), frame) + ")";
  return message;
}

std::string DefaultMessage(const Frame& frame) {
  return fmt::format("the policy does not permit the tool `{}`", frame.tool);
}

std::string ChargeRefusalMessage(const Layout& layout, std::uint32_t limit,
                                 std::string_view cause) {
  const format::Rule& rule = layout.rules()[layout.limits()[limit].rule];
  const std::string_view author = layout.text(rule.message);
  if (!author.empty()) return fmt::format("{} ({})", author, cause);
  return fmt::format("the call cannot be counted: {}", cause);
}

std::string ScaledText(std::int64_t units, std::uint8_t scale) {
  std::string digits = std::to_string(units);
  if (scale == 0) return digits;
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  return digits.insert(digits.size() - scale, ".");
}

std::string DurationText(std::int64_t duration_ms) {
  constexpr std::int64_t kSecondMs = 1000;
  constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
  constexpr std::int64_t kHourMs = 60 * kMinuteMs;
  constexpr std::int64_t kDayMs = 24 * kHourMs;
  const auto in = [duration_ms](std::int64_t unit_ms) {
    return (duration_ms + unit_ms - 1) / unit_ms;
  };
  if (in(kSecondMs) <= 120) return fmt::format("{} s", in(kSecondMs));
  if (in(kMinuteMs) <= 120) return fmt::format("{} min", in(kMinuteMs));
  if (in(kHourMs) <= 48) return fmt::format("{} h", in(kHourMs));
  return fmt::format("{} days", in(kDayMs));
}

std::string QuotaMessage(const Layout& layout, const Quota& quota, std::int64_t amount) {
  const format::Limit& limit = layout.limits()[quota.limit];
  const format::Counter& counter = layout.counters()[limit.counter];
  std::string whole = ScaledText(limit.max, counter.scale) + " " + WindowText(counter);
  if (counter.algorithm == format::Algorithm::Bucket && limit.max > 0) {
    whole += fmt::format(" and {} at once", ScaledText(limit.burst, counter.scale));
  }
  const std::string needed = ScaledText(amount, counter.scale);
  std::string text;
  if (limit.max == 0) {
    text = fmt::format("the limit is {}", whole);
  } else if (amount > quota.max) {
    text = fmt::format("{} is more than the limit of {}", needed, whole);
  } else if (quota.remaining == 0) {
    text = fmt::format("{} used up", whole);
  } else {
    text = fmt::format("{} needed, {} left of {}", needed,
                       ScaledText(quota.remaining, counter.scale), whole);
  }
  const bool frees_itself = counter.algorithm == format::Algorithm::Concurrency && quota.retryable;
  if (frees_itself) text += "; try again when a call has ended";
  if (quota.retry_after_ms) text += "; try again in " + DurationText(*quota.retry_after_ms);
  const std::string_view author = layout.text(layout.rules()[limit.rule].message);
  return author.empty() ? text : fmt::format("{} ({})", author, text);
}

}  // namespace policy
