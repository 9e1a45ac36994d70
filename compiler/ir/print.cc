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

// Prints conditions and values with each other's help. As deep as policies may nest, which the
// readers bound.
class ConditionText {
 public:
  explicit ConditionText(const Policy& policy) : policy_(policy) {}

  std::string Of(ValueId id) const {
    const Value& value = ValueOf(policy_, id);
    switch (value.kind) {
      case ValueKind::Path:
        return PathText(PathOf(policy_, value.path_id));
      case ValueKind::Constant:
        return ConstantText(value.constant);
      case ValueKind::Applied:
        return OfApplied(value);
      case ValueKind::Compared:
        return fmt::format("({} {} {})", Of(value.operands[0]), NameOf(value.relation),
                           Of(value.operands[1]));
      case ValueKind::Element:
        return fmt::format("element{}", IndexOf(id));
      case ValueKind::Quantified:
        return OfQuantified(value);
    }
    return "";
  }

  std::string Of(const Test& test) const {
    // `x == true` of a comparison is the comparison.
    const ValueKind kind = ValueOf(policy_, test.value_id).kind;
    const bool is_truth = test.predicate == Predicate::EqualBool && test.operand == Constant(true);
    if (is_truth && !test.when_absent &&
        (kind == ValueKind::Compared || kind == ValueKind::Quantified)) {
      return Of(test.value_id);
    }
    std::string text = fmt::format("{} {}", Of(test.value_id), NameOf(test.predicate));
    if (test.operand.index() != 0) text += " " + ConstantText(test.operand);
    if (test.when_absent) text += fmt::format(" (absent: {})", TextOf(*test.when_absent));
    return text;
  }

  std::string Of(FormulaId id) const {
    const Formula& formula = FormulaOf(policy_, id);
    switch (formula.kind) {
      case FormulaKind::Constant:
        return std::string(TextOf(formula.constant));
      case FormulaKind::Test:
        return Of(TestOf(policy_, formula.test_id));
      case FormulaKind::Not:
        return "not (" + Of(formula.operands.front()) + ")";
      case FormulaKind::And:
      case FormulaKind::Or: {
        std::string text = formula.kind == FormulaKind::And ? "all(" : "any(";
        for (std::size_t i = 0; i < formula.operands.size(); ++i) {
          text += (i == 0 ? "" : "; ") + Of(formula.operands[i]);
        }
        return text + ")";
      }
    }
    return "";
  }

 private:
  std::string OfApplied(const Value& value) const {
    const std::string first = Of(value.operands[0]);
    switch (value.function) {
      case Function::Member:
        return fmt::format("{}.{}", first,
                           std::get<std::string>(ValueOf(policy_, value.operands[1]).constant));
      case Function::Element:
        return fmt::format("{}[{}]", first, Of(value.operands[1]));
      case Function::OrElse:
      case Function::Add:
      case Function::Subtract:
      case Function::Multiply:
        return fmt::format("({} {} {})", first, NameOf(value.function), Of(value.operands[1]));
      default:
        break;
    }
    std::string text = fmt::format("{}({}", NameOf(value.function), first);
    if (value.operands.size() > 1) text += ", " + Of(value.operands[1]);
    return text + ")";
  }

  std::string OfQuantified(const Value& value) const {
    constexpr std::string_view kWords[] = {"any", "all", "count"};
    return fmt::format("{} element{} in {}: ({})",
                       kWords[static_cast<std::size_t>(value.quantifier)],
                       IndexOf(value.element_id), Of(value.operands[0]), Of(value.body_id));
  }

  const Policy& policy_;
};

std::string LimitText(const Policy& policy, const Limit& limit) {
  const Counter& counter = policy.counters[IndexOf(limit.counter_id)];
  std::string cost = "1";
  if (limit.cost == format::CostKind::Amount) cost = ConditionText(policy).Of(limit.cost_value_id);
  if (limit.cost == format::CostKind::Length) {
    cost = "length(" + ConditionText(policy).Of(limit.cost_value_id) + ")";
  }
  return fmt::format("counter {}, max {}, cost {}", Quoted(counter.name), limit.max, cost);
}

std::string RuleText(const Policy& policy, RuleId id) {
  const Rule& rule = RuleOf(policy, id);
  std::string text = fmt::format("{} {}", NameOf(rule.kind), rule.id);
  if (HasCondition(rule.kind)) text += ": " + ConditionText(policy).Of(rule.condition_id);
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

// `Rules`: Code or GuardedRules.
template <typename Rules>
void AppendRules(const Policy& policy, const Rules& code, std::string_view indent,
                 std::string& text) {
  for (const Index& index : code.indexes) {
    text += fmt::format("{}index {}\n", indent, PathText(PathOf(policy, index.path_id)));
    for (const IndexBranch& branch : index.branches) {
      text += fmt::format("{}  {}\n", indent, ConstantText(branch.literal));
      for (const RuleId id : branch.rule_ids) {
        text += fmt::format("{}    {}\n", indent, RuleOf(policy, id).id);
      }
    }
  }
  for (const RuleId id : code.rule_ids) {
    text += fmt::format("{}{}\n", indent, RuleOf(policy, id).id);
  }
}

void AppendCode(const Policy& policy, const Code& code, std::string& text) {
  AppendRules(policy, code, "  ", text);
  for (const GuardedRules& guarded : code.guarded) {
    text += fmt::format("  on server {}\n", Quoted(guarded.server));
    AppendRules(policy, guarded, "    ", text);
  }
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
    text += fmt::format("{} {}", block.hides ? "hide" : "block", PatternsText(block.patterns));
    if (block.server) text += fmt::format(" on server {}", Quoted(*block.server));
    text += block.opens_arguments ? ", args any\n" : "\n";
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
