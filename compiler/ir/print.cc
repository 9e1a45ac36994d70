#include "compiler/ir/print.h"

#include <fmt/format.h>

#include "compiler/ir/access.h"
#include "runtime/program/disassemble.h"

namespace policy::ir {
namespace {

constexpr std::size_t kTextBytesShown = 200;

std::string Quoted(std::string_view text) { return QuotedText(text, kTextBytesShown); }

std::string_view TextOf(Truth truth) {
  constexpr std::string_view kTexts[] = {"false", "unknown", "true"};
  return kTexts[static_cast<std::size_t>(truth)];
}

struct ConstantTexts {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const std::string& text) const { return Quoted(text); }
  std::string operator()(Decimal number) const { return ToText(number); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(TimePoint time) const { return fmt::format("{} ns", time.nanoseconds); }
  std::string operator()(Duration span) const { return fmt::format("{} ns", span.nanoseconds); }
  std::string operator()(const RegexText& regex) const { return Quoted(regex.text); }
  std::string operator()(const std::vector<std::string>& set) const { return List(set); }
  std::string operator()(const std::vector<Decimal>& set) const { return List(set); }
  std::string operator()(const std::vector<bool>& set) const { return List(set); }

  template <typename T>
  std::string List(const std::vector<T>& set) const {
    std::string text = "[";
    for (const T& member : set) text += (text.size() > 1 ? ", " : "") + (*this)(member);
    return text + "]";
  }
};

std::string ConstantText(const Constant& constant) { return std::visit(ConstantTexts{}, constant); }

std::string ValueText(const Policy& policy, ValueId id) {
  const Path* path = PathOf(policy, id);
  return path != nullptr ? PathText(*path) : "";
}

std::string TestText(const Policy& policy, const Test& test) {
  std::string text = fmt::format("{} {}", ValueText(policy, test.value_id), NameOf(test.predicate));
  if (test.operand.index() != 0) text += " " + ConstantText(test.operand);
  if (test.when_absent) text += fmt::format(" (absent: {})", TextOf(*test.when_absent));
  return text;
}

// Formulas are as deep as policies may nest, which the reader bounds.
std::string FormulaText(const Policy& policy, FormulaId id) {
  const Formula& formula = FormulaOf(policy, id);
  switch (formula.kind) {
    case FormulaKind::Constant:
      return std::string(TextOf(formula.constant));
    case FormulaKind::Test:
      return TestText(policy, TestOf(policy, formula.test_id));
    case FormulaKind::Not:
      return "not (" + FormulaText(policy, formula.operands.front()) + ")";
    case FormulaKind::And:
    case FormulaKind::Or: {
      std::string text = formula.kind == FormulaKind::And ? "all(" : "any(";
      for (std::size_t i = 0; i < formula.operands.size(); ++i) {
        text += (i == 0 ? "" : "; ") + FormulaText(policy, formula.operands[i]);
      }
      return text + ")";
    }
  }
  return "";
}

std::string LimitText(const Policy& policy, const Limit& limit) {
  const Counter& counter = policy.counters[IndexOf(limit.counter_id)];
  std::string cost = "1";
  if (limit.cost == format::CostKind::Amount) cost = ValueText(policy, limit.cost_value_id);
  if (limit.cost == format::CostKind::Length) {
    cost = "length(" + ValueText(policy, limit.cost_value_id) + ")";
  }
  return fmt::format("counter {}, max {}, cost {}", Quoted(counter.name), limit.max, cost);
}

std::string RuleText(const Policy& policy, RuleId id) {
  const Rule& rule = RuleOf(policy, id);
  std::string text = fmt::format("{} {}", NameOf(rule.kind), rule.id);
  if (HasCondition(rule.kind)) text += ": " + FormulaText(policy, rule.condition_id);
  if (rule.kind == format::RuleKind::CloseArguments) {
    text += ": " + ConstantText(rule.argument_names);
  }
  if (rule.kind == format::RuleKind::Limit) text += ": " + LimitText(policy, rule.limit);
  return text;
}

std::string PatternsText(const std::vector<std::string>& patterns) {
  std::string text;
  for (const std::string& pattern : patterns) text += (text.empty() ? "" : ", ") + Quoted(pattern);
  return text;
}

void AppendCode(const Policy& policy, const Code& code, std::string& text) {
  const auto append = [&](RuleId id, std::string_view indent) {
    text += fmt::format("{}{}\n", indent, RuleOf(policy, id).id);
  };
  for (const Index& index : code.indexes) {
    text += fmt::format("  index {}\n", PathText(PathOf(policy, index.path_id)));
    for (const IndexBranch& branch : index.branches) {
      text += fmt::format("    {}\n", ConstantText(branch.literal));
      for (const RuleId id : branch.rule_ids) append(id, "      ");
    }
  }
  for (const RuleId id : code.rule_ids) append(id, "  ");
}

}  // namespace

std::string PathText(const Path& path) {
  constexpr std::string_view kRoots[] = {"args",   "tool", "grant",  "claims",
                                         "client", "now",  "session"};
  std::string text(kRoots[static_cast<std::size_t>(path.root)]);
  for (const Step& step : path.steps) {
    if (const auto* member = std::get_if<std::string>(&step)) {
      text += "." + *member;
    } else {
      text += fmt::format("[{}]", std::get<std::uint32_t>(step));
    }
  }
  return text;
}

std::string Print(const Policy& policy, const Plan& plan) {
  std::string text = fmt::format("policy {}\ndefault {}\nzone {}\n", Quoted(policy.name),
                                 policy.default_allows ? "allow" : "deny", policy.zone);
  for (const Block& block : policy.blocks) {
    text += fmt::format("{} {}\n", block.hides ? "hide" : "block", PatternsText(block.patterns));
    for (const RuleId id : block.rule_ids) text += "  " + RuleText(policy, id) + "\n";
  }
  for (const ToolPlan& tool : plan.tools) {
    text += fmt::format("tool {}{}\n", Quoted(tool.name), tool.hidden ? ", hidden" : "");
    AppendCode(policy, tool.code, text);
  }
  for (const PatternPlan& pattern : plan.patterns) {
    text += fmt::format("pattern {}{}\n", PatternsText(pattern.patterns),
                        pattern.hidden ? ", hidden" : "");
    AppendCode(policy, pattern.code, text);
  }
  return text;
}

}  // namespace policy::ir
