#include "runtime/vm/message.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>
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
  // Kept from call to call, unless one was very large.
  thread_local Findings findings;
  thread_local std::vector<TraceStep> trace;
  constexpr std::size_t kKeptStepsMax = 4'096;
  if (trace.capacity() > kKeptStepsMax) {
    trace = {};
    findings = {};
  }
  trace.clear();
  findings.Clear();
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

template <typename... Args>
void Say(std::string& message, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(message), format, std::forward<Args>(args)...);
}

// What most denials say; they are on the path of every such call, so no format is read for it.
void SayKind(std::string_view tool, format::RuleKind kind, std::string& message) {
  const std::string_view text = KindText(kind);
  message.reserve(tool.size() + text.size() + 3);
  message += '`';
  message += tool;
  message += "` ";
  message += text;
}

void SayCause(const Blame& blame, Frame& frame, std::string& message) {
  if (blame.test == nullptr) {
    message += "a condition could not be decided";
  } else {
    AppendCauseOfTest(*blame.test, frame, message);
  }
}

// Nothing where the argument cannot be found.
void SayClosed(const Blame& blame, Frame& frame, std::string& message) {
  std::string_view name;
  if (blame.rule == nullptr || !FindUnnamedArgument(*blame.rule, frame, name)) return;
  message.append("the policy does not permit the argument `").append(name);
  message.append("` of `").append(frame.tool()).append("`");
}

// Names the server too: calling it by another name than the lock does is a common mistake.
void SayLock(const Frame& frame, std::string& message) {
  const Layout& layout = frame.program().layout();
  const std::uint32_t node = layout.context_nodes().tool_server;
  const std::uint32_t slot = node == format::kNone ? node : layout.path_nodes()[node].slot;
  Say(message, "the lock holds no tool `{}`", frame.tool());
  if (slot != format::kNone) Say(message, " of server `{}`", frame.slot(slot).text());
}

// "500.00": `units` of 10^-scale.
struct Scaled {
  std::int64_t units = 0;
  std::uint8_t scale = 0;
};

void Say(std::string& message, Scaled amount) {
  const fmt::format_int digits(amount.units);
  const std::string_view text(digits.data(), digits.size());
  if (amount.scale == 0) {
    message += text;
    return;
  }
  const std::size_t missing = text.size() <= amount.scale ? amount.scale + 1 - text.size() : 0;
  const std::size_t whole = text.size() + missing - amount.scale;  // digits before the point
  for (std::size_t i = 0; i < text.size() + missing; ++i) {
    if (i == whole) message += '.';
    message += i < missing ? '0' : text[i - missing];
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

void WriteRuleMessage(const FoundRule& found, Frame& frame, std::string& message) {
  const Layout& layout = frame.program().layout();
  const format::Rule& rule = layout.rules()[found.rule];
  message = layout.text(rule.message);
  const bool is_of_lock = layout.text(rule.id) == kLockRuleId;
  if (message.empty() && is_of_lock && rule.kind != format::RuleKind::CloseArguments) {
    return SayLock(frame, message);
  }
  if (message.empty() && rule.kind == format::RuleKind::Hide) {
    return Say(message, "the tool `{}` is not available", frame.tool());
  }
  if (rule.kind == format::RuleKind::CloseArguments && message.empty()) {
    SayClosed(FindBlame(found.rule, frame), frame, message);
  }
  if (message.empty()) SayKind(frame.tool(), rule.kind, message);
  if (found.truth == Truth::Unknown) {
    message += " (";
    SayCause(FindBlame(found.rule, frame), frame, message);
    message += ")";
  }
}

void WriteDefaultMessage(const Frame& frame, std::string& message) {
  message.clear();
  Say(message, "the policy does not permit the tool `{}`", frame.tool());
}

void WriteChargeRefusal(const Layout& layout, std::uint32_t limit, std::string_view cause,
                        std::string& message) {
  const format::Rule& rule = layout.rules()[layout.limits()[limit].rule];
  const std::string_view author = layout.text(rule.message);
  message.clear();
  if (author.empty()) return Say(message, "the call cannot be counted: {}", cause);
  Say(message, "{} ({})", author, cause);
}

std::string ScaledText(std::int64_t units, std::uint8_t scale) {
  std::string text;
  Say(text, Scaled{units, scale});
  return text;
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

void WriteQuotaMessage(const Layout& layout, const Quota& quota, std::int64_t amount,
                       std::string& message) {
  const format::Limit& limit = layout.limits()[quota.limit];
  const format::Counter& counter = layout.counters()[limit.counter];
  const auto say_amount = [&](std::int64_t units) { Say(message, Scaled{units, counter.scale}); };
  const auto say_whole = [&] {
    say_amount(limit.max);
    Say(message, " {}", WindowText(counter));
    if (counter.algorithm != format::Algorithm::Bucket || limit.max <= 0) return;
    message += " and ";
    say_amount(limit.burst);
    message += " at once";
  };
  message = layout.text(layout.rules()[limit.rule].message);
  const bool has_author = !message.empty();
  if (has_author) message += " (";
  if (limit.max == 0) {
    message += "the limit is ";
    say_whole();
  } else if (amount > quota.max) {
    say_amount(amount);
    message += " is more than the limit of ";
    say_whole();
  } else if (quota.remaining == 0) {
    say_whole();
    message += " used up";
  } else {
    say_amount(amount);
    message += " needed, ";
    say_amount(quota.remaining);
    message += " left of ";
    say_whole();
  }
  const bool frees_itself = counter.algorithm == format::Algorithm::Concurrency && quota.retryable;
  if (frees_itself) message += "; try again when a call has ended";
  if (quota.retry_after_ms) Say(message, "; try again in {}", DurationText(*quota.retry_after_ms));
  if (has_author) message += ")";
}

}  // namespace policy
