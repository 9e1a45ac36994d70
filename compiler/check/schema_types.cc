#include "compiler/check/schema_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "compiler/check/argument_path.h"
#include "compiler/check/findings.h"
#include "compiler/check/guard.h"
#include "compiler/check/lock_cover.h"
#include "compiler/check/schema_findings.h"
#include "compiler/check/schema_operands.h"
#include "compiler/ir/access.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

using catalog::PathFacts;
using catalog::SchemaStep;
using catalog::Standing;
using format::RuleKind;

// A value that a rule looks at, and how.
struct Look {
  ir::ValueId value_id{};
  Span rule_span;                         // where to point when the value's own place is elsewhere
  std::optional<Wanted> wanted;           // what kind of value is understood
  const ir::Test* test = nullptr;         // the test of this very value, if it is tested directly
  const ir::Constant* or_else = nullptr;  // what `??` puts in its place
};

Span PlaceOf(const Checked& checked, const Look& look) {
  const Span own = ir::ValueOf(checked.policy, look.value_id).span;
  const bool is_within = own.begin < own.end && own.file == look.rule_span.file &&
                         own.begin >= look.rule_span.begin && own.end <= look.rule_span.end;
  return is_within ? own : look.rule_span;
}

// Of one rule, for one tool that it covers.
class RuleCheck {
 public:
  RuleCheck(const Checked& checked, const ArgumentPaths& paths, const PinnedTool& tool,
            const std::vector<ir::FormulaId>& requirements, SchemaFindings& findings)
      : checked_(checked),
        paths_(paths),
        tool_(tool),
        requirements_(requirements),
        findings_(findings) {}

  void Check(const ir::Rule& rule) {
    kind_ = rule.kind;
    if (ir::HasCondition(rule.kind)) {
      Condition(rule.condition_id);
    } else if (rule.kind == RuleKind::Limit && rule.limit.cost != format::CostKind::One) {
      Cost(rule);
    } else if (rule.kind == RuleKind::CloseArguments) {
      Names(rule);
    }
  }

 private:
  KnownCall Call(std::span<const SchemaStep> absent = {}) const {
    return {.tool = tool_.tool.name, .server = tool_.pin.server, .absent = absent};
  }

  // How deep formulas nest is bounded by the readers.
  void Condition(ir::FormulaId id) {
    const ir::Formula& formula = checked_.formula(id);
    if (formula.kind == ir::FormulaKind::Test) {
      const ir::Test& test = checked_.test(formula.test_id);
      Value({.value_id = test.value_id,
             .rule_span = test.span,
             .wanted = WantedBy(test.predicate),
             .test = &test});
      return;
    }
    const bool is_group =
        formula.kind == ir::FormulaKind::And || formula.kind == ir::FormulaKind::Or;
    for (const ir::FormulaId operand : formula.operands) {
      if (is_group) groups_.push_back({&formula, operand});
      if (!IsDecidedElsewhere(checked_.policy, paths_, groups_, Call())) Condition(operand);
      if (is_group) groups_.pop_back();
    }
  }

  // How deep values nest is bounded by the resolver.
  void Value(const Look& look) {
    const ir::Value& value = ir::ValueOf(checked_.policy, look.value_id);
    if (const auto steps = paths_.StepsOf(look.value_id)) return Argument(look, *steps);
    const auto inner = [&](std::size_t operand, std::optional<Wanted> wanted,
                           const ir::Constant* or_else = nullptr) {
      Value({.value_id = value.operands[operand],
             .rule_span = look.rule_span,
             .wanted = std::move(wanted),
             .or_else = or_else});
    };
    switch (value.kind) {
      case ir::ValueKind::Applied:
        if (value.function == Function::OrElse) {
          return inner(0, look.wanted, &ir::ValueOf(checked_.policy, value.operands[1]).constant);
        }
        for (std::size_t i = 0; i < value.operands.size(); ++i) {
          inner(i, WantedBy(value.function, i));
        }
        return;
      case ir::ValueKind::Compared:
        inner(0, WantedBy(value.relation, 0));
        return inner(1, WantedBy(value.relation, 1));
      case ir::ValueKind::Quantified:
        inner(0, Wanted{catalog::KindBit(json::Kind::List), "a quantifier", "a list"});
        return Condition(value.body_id);
      case ir::ValueKind::Path:
      case ir::ValueKind::Constant:
      case ir::ValueKind::Element:
        return;
    }
  }

  FoundAt Found(SchemaFinding finding, const Look& look, std::span<const SchemaStep> steps) const {
    FoundAt found;
    found.finding = finding;
    found.span = PlaceOf(checked_, look);
    found.path = TextOf(steps);
    return found;
  }
  void Add(FoundAt found) { findings_.Add(std::move(found), tool_.tool.name); }

  // The top level is what the lock's own rule takes it for; nullopt: said, or nothing is known.
  std::optional<PathFacts> FactsOf(const Look& look, std::span<const SchemaStep> steps) {
    PathFacts facts = tool_.schema.At(steps);
    const bool is_open = !tool_.pin.closes_arguments || tool_.takes_any;
    if (!std::ranges::binary_search(tool_.pin.argument_names, steps[0].name)) {
      if (is_open) return facts.standing == Standing::Open ? std::optional(facts) : std::nullopt;
      facts.standing = Standing::Never;
      facts.stopped_at = 0;
    }
    if (facts.standing == Standing::Never || facts.standing == Standing::Unnamed) {
      NotNamed(look, steps, facts);
      return std::nullopt;
    }
    return facts;
  }

  void NotNamed(const Look& look, std::span<const SchemaStep> steps, const PathFacts& facts) {
    const auto known = steps.subspan(0, facts.stopped_at);
    const SchemaStep& wrong = steps[facts.stopped_at];
    FoundAt found = Found(
        facts.standing == Standing::Never ? SchemaFinding::NotNamed : SchemaFinding::NotNamedBelow,
        look, steps.subspan(0, facts.stopped_at + 1));
    found.is_asked = IsAsked(look, steps.subspan(0, facts.stopped_at + 1));
    const std::vector<std::string_view> names = tool_.schema.NamesAt(known);
    if (wrong.kind != SchemaStep::Kind::Member) {
      found.help = fmt::format("its schema says that `{}` is {}", TextOf(known),
                               catalog::TextOf(tool_.schema.At(known).kinds));
    } else if (const auto meant = NearestWord(wrong.name, names)) {
      const std::string path =
          TextOf(known) + "." + std::string(meant->word);  // names near an identifier are such
      found.help = fmt::format("did you mean `{}`?", path);
      if (meant->is_plain) {
        found.fix_old = "." + std::string(wrong.name);
        found.fix_new = "." + std::string(meant->word);
      }
    } else if (!names.empty() && names.size() <= 12) {
      found.help = fmt::format("its schema names {}", Enumerate(names));
    }
    Add(std::move(found));
  }

  // Whether the rule asks what is there before it looks: that some tool has no such argument is
  // then what it asked.
  bool IsAsked(const Look& look, std::span<const SchemaStep> absent) const {
    const bool is_answered = look.or_else != nullptr ||
                             (look.test != nullptr && (look.test->predicate == Predicate::Exists ||
                                                       look.test->when_absent.has_value()));
    return is_answered || IsDecidedElsewhere(checked_.policy, paths_, groups_, Call(absent));
  }

  void Argument(const Look& look, std::span<const SchemaStep> steps) {
    if (steps.empty()) return;
    for (std::size_t count = 1; count <= steps.size(); ++count) {
      findings_.Look(PlaceOf(checked_, look), TextOf(steps.subspan(0, count)), tool_.tool.name);
    }
    const auto facts = FactsOf(look, steps);
    if (!facts) return;
    const bool asks_presence = look.test != nullptr && look.test->predicate == Predicate::Exists;
    if (!asks_presence) MayBeAbsent(look, steps, *facts);
    if (look.wanted && (facts->kinds & look.wanted->kinds) == 0) {
      FoundAt found = Found(SchemaFinding::WrongKind, look, steps);
      found.detail = catalog::TextOf(facts->kinds);
      found.other = fmt::format("{} needs {}", look.wanted->by, look.wanted->text);
      return Add(std::move(found));
    }
    if (look.or_else != nullptr) Default(look, steps, *facts);
    if (look.test == nullptr) return;
    Literals(look, steps, *facts);
    if (look.test->when_absent) TestedDefault(look, steps, *facts);
  }

  void Literals(const Look& look, std::span<const SchemaStep> steps, const PathFacts& facts) {
    const PathFacts* of = &facts;
    PathFacts element;
    std::vector<SchemaStep> below(steps.begin(), steps.end());
    // contains looks into a list.
    if (facts.kinds == catalog::KindBit(json::Kind::List)) {
      if (below.size() >= 31) return;
      below.push_back({.kind = SchemaStep::Kind::AnyElement});
      element = tool_.schema.At(below);
      of = &element;
    }
    for (const ExcludedLiteral& excluded :
         ExcludedBy(*of, look.test->predicate, look.test->operand)) {
      FoundAt found =
          Found(excluded.is_out_of_range ? SchemaFinding::OutOfRange : SchemaFinding::Excluded,
                look, steps);
      found.span = look.test->span;
      found.detail = excluded.literal;
      found.other = excluded.allowed;
      if (!excluded.is_out_of_range) found.help = "its schema allows " + excluded.allowed;
      found.fix_old = excluded.fix_old;
      found.fix_new = excluded.fix_new;
      if (!excluded.meant.empty()) found.help = fmt::format("did you mean `{}`?", excluded.meant);
      Add(std::move(found));
    }
  }

  // Only where what is missing makes a call less permitted, and nothing else has decided by then.
  void MayBeAbsent(const Look& look, std::span<const SchemaStep> steps, const PathFacts& facts) {
    const bool is_restriction =
        kind_ == RuleKind::Deny || kind_ == RuleKind::Require || kind_ == RuleKind::Approve;
    const bool has_default =
        look.or_else != nullptr || (look.test != nullptr && look.test->when_absent);
    if (!is_restriction || has_default) return;
    for (std::uint32_t rest = facts.absent_steps; rest != 0; rest &= rest - 1) {
      const auto count = static_cast<std::size_t>(std::countr_zero(rest)) + 1;
      const auto absent = steps.subspan(0, count);
      // An element that is looked at is there: only what is below it may be missing.
      const auto call = Call(absent);
      if (IsDecidedElsewhere(checked_.policy, paths_, groups_, call)) continue;
      const bool is_required = std::ranges::any_of(requirements_, [&](ir::FormulaId id) {
        return TruthFor(checked_.policy, paths_, id, call) == false;
      });
      if (is_required) continue;
      FoundAt found = Found(SchemaFinding::MayBeAbsent, look, steps);
      found.detail = kind_ == RuleKind::Approve ? "waits for a person" : "is denied";
      found.help = AbsentHelp(absent, steps, facts, found);
      return Add(std::move(found));
    }
  }

  std::string AbsentHelp(std::span<const SchemaStep> absent, std::span<const SchemaStep> steps,
                         const PathFacts& facts, FoundAt& found) const {
    const std::string path = TextOf(steps);
    const Source& source = checked_.diagnostics.SourceOf(checked_.source, found.span);
    const bool is_json = source.text().substr(found.span.begin).starts_with('{');
    if (is_json) {
      return fmt::format(
          "say with `absent` what counts instead, or ask first whether `{}` `exists`",
          TextOf(absent));
    }
    const auto literal =
        facts.declared_default != nullptr ? LiteralText(*facts.declared_default) : std::nullopt;
    // Plain where the server says what it takes for it.
    const bool is_own_place =
        source.text().substr(found.span.begin, found.span.end - found.span.begin) == path;
    if (literal && is_own_place) {
      found.fix_old = path;
      found.fix_new = path + " ?? " + *literal;
    }
    return fmt::format("write `{} ?? {}`, or ask `has {}` first", path, literal.value_or("…"),
                       TextOf(absent));
  }

  // `??` in a value that is made.
  void Default(const Look& look, std::span<const SchemaStep> steps, const PathFacts& facts) {
    if (facts.declared_default == nullptr) return;
    const auto declared = LiteralText(*facts.declared_default);
    const auto written = LiteralText(*look.or_else);
    if (!declared || !written || *declared == *written) return;
    OtherDefault(look, steps, *declared, "`" + *written + "` stands for it here");
  }

  // `??` in a test: what counts is whether the declared default would be decided otherwise.
  void TestedDefault(const Look& look, std::span<const SchemaStep> steps, const PathFacts& facts) {
    if (facts.declared_default == nullptr) return;
    const auto declared = LiteralText(*facts.declared_default);
    const auto scalar = ScalarOf(*facts.declared_default);
    if (!declared || !scalar) return;
    const auto truth = TruthOf(look.test->predicate, look.test->operand, *scalar);
    if (!truth || *truth == *look.test->when_absent) return;
    OtherDefault(look, steps, *declared, "what stands for it here decides otherwise");
  }

  void OtherDefault(const Look& look, std::span<const SchemaStep> steps, std::string declared,
                    std::string written) {
    FoundAt found = Found(SchemaFinding::OtherDefault, look, steps);
    found.detail = std::move(written);
    found.other = std::move(declared);
    Add(std::move(found));
  }

  void Cost(const ir::Rule& rule) {
    const bool is_length = rule.limit.cost == format::CostKind::Length;
    Look look{.value_id = rule.limit.cost_value_id, .rule_span = rule.span, .wanted = {}};
    if (is_length) {
      look.wanted = WantedBy(Function::Length, 0);
    } else {
      look.wanted = Wanted{catalog::KindBit(json::Kind::Number), "a charge", "a number"};
    }
    Value(look);
    const ir::Value& value = ir::ValueOf(checked_.policy, look.value_id);
    const bool has_default =
        value.kind == ir::ValueKind::Applied && value.function == Function::OrElse;
    const auto steps = paths_.StepsOf(has_default ? value.operands[0] : look.value_id);
    if (!steps || steps->empty()) return;
    const PathFacts facts = tool_.schema.At(*steps);
    if (facts.standing != Standing::Named) return;
    const bool is_denied_before = std::ranges::any_of(requirements_, [&](ir::FormulaId id) {
      return TruthFor(checked_.policy, paths_, id, Call(*steps)) == false;
    });
    if (facts.may_be_absent() && !has_default && !is_denied_before) {
      FoundAt found = Found(SchemaFinding::CostAbsent, look, *steps);
      found.help = fmt::format("`require has {}` says so to the agent", TextOf(*steps));
      Add(std::move(found));
    }
    const bool is_negative = !facts.minimum || facts.minimum->coefficient < 0;
    const bool is_number = (facts.kinds & catalog::KindBit(json::Kind::Number)) != 0;
    if (!is_length && is_number && is_negative && !facts.values && !IsHeldPositive(*steps)) {
      FoundAt found = Found(SchemaFinding::CostNegative, look, *steps);
      found.help = fmt::format("`require {} > 0` says so to the agent", TextOf(*steps));
      Add(std::move(found));
    }
  }

  // Whether a requirement of the tool tests that the value is not negative.
  bool IsHeldPositive(std::span<const SchemaStep> steps) const {
    return std::ranges::any_of(requirements_, [&](ir::FormulaId id) { return Holds(id, steps); });
  }
  bool Holds(ir::FormulaId id, std::span<const SchemaStep> steps) const {
    const ir::Formula& formula = checked_.formula(id);
    if (formula.kind == ir::FormulaKind::And) {
      return std::ranges::any_of(formula.operands,
                                 [&](ir::FormulaId operand) { return Holds(operand, steps); });
    }
    if (formula.kind != ir::FormulaKind::Test) return false;
    const ir::Test& test = checked_.test(formula.test_id);
    const auto* bound = std::get_if<Decimal>(&test.operand);
    const auto of = paths_.StepsOf(test.value_id);
    return bound != nullptr && bound->coefficient >= 0 && of && TextOf(*of) == TextOf(steps) &&
           (test.predicate == Predicate::GreaterNumber ||
            test.predicate == Predicate::GreaterOrEqualNumber);
  }

  // `args only` of names that the tool does not have.
  void Names(const ir::Rule& rule) {
    for (const std::string& name : rule.argument_names) {
      const SchemaStep step{.kind = SchemaStep::Kind::Member, .name = name};
      const std::string path = TextOf(std::span(&step, 1));
      findings_.Look(rule.span, path, tool_.tool.name);
      const bool is_open = !tool_.pin.closes_arguments || tool_.takes_any;
      if (is_open || std::ranges::binary_search(tool_.pin.argument_names, name)) continue;
      FoundAt found;
      found.finding = SchemaFinding::NotNamed;
      found.span = rule.span;
      found.path = path;
      found.is_asked = true;  // the list may well serve several tools
      std::vector<std::string_view> names(tool_.pin.argument_names.begin(),
                                          tool_.pin.argument_names.end());
      if (const auto meant = NearestWord(name, names)) {
        found.help = fmt::format("did you mean `{}`?", meant->word);
        found.fix_old = meant->is_plain ? name : "";
        found.fix_new = meant->word;
      } else if (!names.empty() && names.size() <= 12) {
        found.help = fmt::format("its schema names {}", Enumerate(names));
      }
      Add(std::move(found));
    }
  }

  const Checked& checked_;
  const ArgumentPaths& paths_;
  const PinnedTool& tool_;
  const std::vector<ir::FormulaId>& requirements_;
  SchemaFindings& findings_;
  RuleKind kind_{};
  std::vector<EnclosingGroup> groups_;
};

}  // namespace

void CheckAgainstLock(const ir::Policy& policy, const catalog::ToolLock& lock, const Source& source,
                      bool governs_one_server, Diagnostics& diagnostics) {
  const Checked checked{policy, source, diagnostics};
  const LockCover cover(policy, lock);
  CheckCover(checked, cover, lock, governs_one_server);
  const ArgumentPaths paths(policy);
  // What every call of a tool has to hold, whichever block says it.
  std::vector<std::vector<const PinnedTool*>> covered;
  std::map<const PinnedTool*, std::vector<ir::FormulaId>> requirements;
  for (const ir::Block& block : policy.blocks) {
    covered.push_back(cover.ToolsOf(block));
    for (const ir::RuleId id : block.rule_ids) {
      const ir::Rule& rule = checked.rule(id);
      if (rule.kind != RuleKind::Require) continue;
      for (const PinnedTool* tool : covered.back()) requirements[tool].push_back(rule.condition_id);
    }
  }
  SchemaFindings findings;
  for (std::size_t i = 0; i < policy.blocks.size(); ++i) {
    for (const PinnedTool* tool : covered[i]) {
      RuleCheck check(checked, paths, *tool, requirements[tool], findings);
      for (const ir::RuleId id : policy.blocks[i].rule_ids) check.Check(checked.rule(id));
    }
  }
  findings.Report(checked);
}

}  // namespace policy
