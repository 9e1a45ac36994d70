#include "runtime/program/disassemble.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "runtime/program/value_text.h"

namespace policy {
namespace {

constexpr std::size_t kTextBytesShown = 200;
constexpr std::size_t kMembersShown = 20;

std::string_view TextOf(Truth truth) {
  constexpr std::string_view kTexts[] = {"false", "unknown", "true"};
  return kTexts[static_cast<std::size_t>(truth)];
}

// The negated spelling of a predicate, where the language has one.
std::string OperatorText(Predicate predicate, bool negated) {
  const std::string name(NameOf(predicate));
  if (!negated) return name;
  if (name == "eq") return "neq";
  return "not_" + name;
}

// Whether the policy was written as policy.json: conditions are shown in the author's words.
bool IsJson(const Layout& layout) {
  return layout.text(layout.header().source_name).ends_with(".json");
}

std::string WriteText(const Instruction& instruction) {
  constexpr std::string_view kModes[] = {"=", "and=", "or="};
  return fmt::format("r{} {}", instruction.dst, kModes[instruction.flags & kFlagModeMask]);
}

std::string JumpText(const Instruction& instruction) {
  std::string text;
  if ((instruction.flags & kFlagJumpIfFalse) != 0) {
    text += fmt::format("; false -> {}", instruction.target);
  }
  if ((instruction.flags & kFlagJumpIfTrue) != 0) {
    text += fmt::format("; true -> {}", instruction.target);
  }
  return text;
}

std::string RuleText(const Layout& layout, std::uint32_t rule) {
  return std::string(layout.text(layout.rules()[rule].id));
}

std::string IndexText(const Layout& layout, const Instruction& index) {
  std::string text = fmt::format("index {}:", layout.SlotPath(index.slot));
  std::map<std::uint32_t, std::string> targets;
  const format::IndexTable& table = layout.index_tables()[index.constant];
  for (const format::IndexEntry& entry :
       layout.index_entries().subspan(table.first_entry, table.entry_count)) {
    if (entry.constant == format::kNone) continue;
    std::string& literals = targets[entry.target];
    if (!literals.empty()) literals += ", ";
    literals += ConstantText(layout, entry.constant);
  }
  for (const auto& [target, literals] : targets)
    text += fmt::format(" {} -> {};", literals, target);
  return text + fmt::format(" others -> {}", index.target);
}

std::string InstructionText(const Layout& layout, const Instruction& instruction) {
  const std::uint32_t id = instruction.constant;
  switch (instruction.opcode) {
    case Opcode::Test: {
      std::string text =
          fmt::format("test {} {}", WriteText(instruction), ConditionText(layout, instruction));
      if (instruction.memo != 0) text += fmt::format(" [memo {}]", instruction.memo);
      return text + JumpText(instruction);
    }
    case Opcode::Constant:
      return fmt::format("constant {} {}", WriteText(instruction),
                         TextOf(static_cast<Truth>(instruction.predicate)));
    case Opcode::Combine:
      return fmt::format("combine {} {}r{}{}", WriteText(instruction),
                         (instruction.flags & kFlagNegate) != 0 ? "not " : "",
                         instruction.predicate, JumpText(instruction));
    case Opcode::Jump:
      return fmt::format("jump -> {}", instruction.target);
    case Opcode::Index:
      return IndexText(layout, instruction);
    case Opcode::Deny:
      return fmt::format("deny {} by r{}", RuleText(layout, id), instruction.dst);
    case Opcode::Require:
      return fmt::format("require {} by r{}", RuleText(layout, id), instruction.dst);
    case Opcode::Allow:
      return fmt::format("allow {} by r{}", RuleText(layout, id), instruction.dst);
    case Opcode::Approve:
      return fmt::format("approve {} by r{}", RuleText(layout, id), instruction.dst);
    case Opcode::CloseArguments:
      return fmt::format("close {} to {}", RuleText(layout, id),
                         ConstantText(layout, instruction.target));
    case Opcode::Limit:
      return fmt::format("limit {} {}", id, RuleText(layout, layout.limits()[id].rule));
    case Opcode::End:
      return "end";
    case Opcode::Guard:
      return fmt::format("guard r{} else -> {}", instruction.dst, instruction.target);
  }
  return "";
}

std::string CounterText(const Layout& layout, const format::Counter& counter) {
  constexpr std::string_view kWindows[] = {"", "day", "week", "month", "lifetime"};
  constexpr std::string_view kScopes[] = {"grant", "session", "tool", "server", "global"};
  std::string text = QuotedText(layout.text(counter.name), kTextBytesShown);
  if (counter.algorithm == format::Algorithm::Concurrency) {
    text += " at once";
  } else {
    text += counter.window == format::WindowKind::Seconds
                ? fmt::format(" per {} s", counter.window_seconds)
                : fmt::format(" per {}", kWindows[static_cast<std::size_t>(counter.window)]);
  }
  if (counter.algorithm == format::Algorithm::Sliding) text += ", sliding";
  if (counter.algorithm == format::Algorithm::Bucket) text += ", bucket";
  text += fmt::format(", scale {}, each", counter.scale);
  for (const format::Scope& scope :
       layout.scopes().subspan(counter.first_scope, counter.scope_count)) {
    text += scope.kind == format::ScopeKind::Slot
                ? " " + layout.SlotPath(scope.slot)
                : fmt::format(" {}", kScopes[static_cast<std::size_t>(scope.kind)]);
  }
  return text;
}

std::string LimitText(const Layout& layout, const format::Limit& limit) {
  constexpr std::string_view kStore[] = {"deny", "local_share", "allow"};
  std::string cost = "1";
  if (limit.cost == format::CostKind::Amount) cost = layout.SlotPath(limit.cost_slot);
  if (limit.cost == format::CostKind::Length) {
    cost = "length(" + layout.SlotPath(limit.cost_slot) + ")";
  }
  const bool is_bucket = layout.counters()[limit.counter].algorithm == format::Algorithm::Bucket;
  const std::string burst = is_bucket ? fmt::format(", burst {}", limit.burst) : "";
  return fmt::format("{}: counter {}, max {}{}, cost {}, on error {}, on store error {}",
                     RuleText(layout, limit.rule), limit.counter, limit.max, burst, cost,
                     limit.on_error == format::OnError::Refund ? "refund" : "keep",
                     kStore[static_cast<std::size_t>(limit.on_store_error)]);
}

// "domain(r) [of 3]", "any r in args.to: r == \"a\" [list 0, scope 3 to 5, code 10 to 14]".
std::string DerivedText(const Layout& layout, std::uint32_t number) {
  const format::Derived& derived = *layout.FindDerived(number);
  std::string text = layout.SlotPath(number);
  if (derived.kind == format::DerivedKind::Quantified) {
    text += fmt::format(" [list {}, scope {} to {}, code {} to {}]", derived.first, derived.second,
                        derived.scope_end - 1, derived.code, derived.code_end - 1);
  } else if (derived.first != format::kNone) {
    text += fmt::format(" [of {}", derived.first);
    if (derived.second != format::kNone) text += fmt::format(" and {}", derived.second);
    text += "]";
  }
  return text;
}

std::string PinText(const Layout& layout, const format::Pin& pin) {
  const auto quoted = [&layout](format::Text text) {
    return QuotedText(layout.text(text), kTextBytesShown);
  };
  return fmt::format("{} on {}: category {}, risk {}, annotations {}", quoted(pin.tool),
                     quoted(pin.server), quoted(pin.category), quoted(pin.risk),
                     quoted(pin.annotations));
}

// "org/base.policy:", or nothing for the policy's own file.
std::string FileText(const Layout& layout, const format::Rule& rule) {
  const std::string_view file = layout.text(rule.file);
  if (file.empty() || file == layout.text(layout.header().source_name)) return "";
  return std::string(file) + ":";
}

void AppendCode(const Layout& layout, std::string& text) {
  std::map<std::uint32_t, std::vector<std::string>> labels;
  for (const format::Tool& tool : layout.tools()) {
    labels[tool.code].push_back(fmt::format("tool {}{}",
                                            QuotedText(layout.text(tool.name), kTextBytesShown),
                                            tool.hidden != 0 ? ", hidden" : ""));
  }
  for (std::uint32_t i = 0; i < layout.derived().size(); ++i) {
    const format::Derived& derived = layout.derived()[i];
    if (derived.kind != format::DerivedKind::Quantified) continue;
    labels[derived.code].push_back(fmt::format("body of value {}", layout.slot_count() + i));
  }
  for (const format::Pattern& pattern : layout.patterns()) {
    labels[pattern.code].push_back(
        fmt::format("pattern {}{}", QuotedText(layout.text(pattern.pattern), kTextBytesShown),
                    pattern.hidden != 0 ? ", hidden" : ""));
  }
  const std::span<const Instruction> code = layout.code();
  for (std::uint32_t at = 0; at < code.size(); ++at) {
    if (const auto label = labels.find(at); label != labels.end()) {
      for (const std::string& name : label->second) text += name + ":\n";
    }
    text += fmt::format("{:6}  {}\n", at, InstructionText(layout, code[at]));
  }
}

}  // namespace

std::string_view NameOf(format::RuleKind kind) {
  switch (kind) {
    case format::RuleKind::Default:
      return "default";
    case format::RuleKind::Hide:
      return "hide";
    case format::RuleKind::Deny:
      return "deny";
    case format::RuleKind::Require:
      return "require";
    case format::RuleKind::Allow:
      return "allow";
    case format::RuleKind::Approve:
      return "approve";
    case format::RuleKind::CloseArguments:
      return "close arguments";
    case format::RuleKind::Limit:
      return "limit";
  }
  return "";
}

std::string QuotedText(std::string_view text, std::size_t bytes_max) {
  const bool is_cut = text.size() > bytes_max;
  if (is_cut) {
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) {
      --bytes_max;
    }
    text = text.substr(0, bytes_max);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + (is_cut ? "…\"" : "\"");
}

std::string ConstantText(const Layout& layout, std::uint32_t constant) {
  const Operand& operand = layout.operands()[constant];
  const auto list = [](const auto& members, auto to_text) {
    std::string text = "[";
    for (std::size_t i = 0; i < members.size() && i < kMembersShown; ++i) {
      if (i != 0) text += ", ";
      text += to_text(members[i]);
    }
    if (members.size() > kMembersShown) {
      text += fmt::format(", … {} in all", members.size());
    }
    return text + "]";
  };
  switch (operand.kind) {
    case OperandKind::None:
      return "[]";
    case OperandKind::String:
    case OperandKind::Regex:
      return QuotedText(operand.text, kTextBytesShown);
    case OperandKind::Number:
      return ToText(operand.number);
    case OperandKind::Bool:
      return operand.boolean ? "true" : "false";
    case OperandKind::Time:
    case OperandKind::Duration:
      return fmt::format("{} ns", operand.nanoseconds);
    case OperandKind::StringSet:
      return list(operand.strings,
                  [](std::string_view text) { return QuotedText(text, kTextBytesShown); });
    case OperandKind::NumberSet:
      return list(operand.numbers, [](Decimal number) { return ToText(number); });
    case OperandKind::BoolSet:
      if (operand.set_has_false && operand.set_has_true) return "[false, true]";
      return operand.set_has_true ? "[true]" : "[false]";
  }
  return "";
}

std::string ConditionText(const Layout& layout, const Instruction& test) {
  const auto predicate = static_cast<Predicate>(test.predicate);
  const bool negated = (test.flags & kFlagNegate) != 0;
  std::string text = layout.SlotPath(test.slot) + " " + OperatorText(predicate, negated);
  if (!IsJson(layout) || layout.FindDerived(test.slot) != nullptr) {
    text = TestText(layout, test);
  } else if (predicate == Predicate::Exists) {
    text = layout.SlotPath(test.slot) + (negated ? " exists false" : " exists true");
  } else if (OperandOf(predicate) != OperandKind::None) {
    text += " " + ConstantText(layout, test.constant);
  }
  const int when_absent = (test.flags & kFlagAbsentMask) >> kFlagAbsentShift;
  if (when_absent != 0) {
    text += fmt::format(", absent: {}", TextOf(static_cast<Truth>(when_absent - 1)));
  }
  return text;
}

std::string Disassemble(const Program& program) {
  const Layout& layout = program.layout();
  std::string text = fmt::format(
      "program {} of {}\nzone {}\ndefault {}\nmemo cells {}\n",
      QuotedText(layout.text(layout.header().policy_name), kTextBytesShown),
      QuotedText(layout.text(layout.header().source_name), kTextBytesShown), layout.zone(),
      layout.default_allows() ? "allow" : "deny", std::uint16_t{layout.header().memo_cells});
  text += "slots\n";
  for (std::uint32_t slot = 0; slot < layout.slots().size(); ++slot) {
    text += fmt::format("{:6}  {}\n", slot, layout.SlotPath(slot));
  }
  if (!layout.derived().empty()) text += "derived values\n";
  for (std::uint32_t i = 0; i < layout.derived().size(); ++i) {
    const std::uint32_t number = layout.slot_count() + i;
    text += fmt::format("{:6}  {}\n", number, DerivedText(layout, number));
  }
  if (!layout.pins().empty()) text += "pins\n";
  for (const format::Pin& pin : layout.pins()) text += "  " + PinText(layout, pin) + "\n";
  text += "rules\n";
  for (std::uint32_t rule = 0; rule < layout.rules().size(); ++rule) {
    const format::Rule& record = layout.rules()[rule];
    text +=
        fmt::format("{:6}  {} {} at {}{}:{}\n", rule, NameOf(record.kind), RuleText(layout, rule),
                    FileText(layout, record), record.line, record.column);
  }
  text += "counters\n";
  for (std::uint32_t id = 0; id < layout.counters().size(); ++id) {
    text += fmt::format("{:6}  {}\n", id, CounterText(layout, layout.counters()[id]));
  }
  text += "limits\n";
  for (std::uint32_t id = 0; id < layout.limits().size(); ++id) {
    text += fmt::format("{:6}  {}\n", id, LimitText(layout, layout.limits()[id]));
  }
  text += "code\n";
  AppendCode(layout, text);
  return text;
}

}  // namespace policy
