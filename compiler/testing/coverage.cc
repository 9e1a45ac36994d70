#include "compiler/testing/coverage.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "runtime/program/disassemble.h"
#include "runtime/program/layout.h"
#include "runtime/program/rule_ids.h"
#include "runtime/vm/interpreter.h"

namespace policy {

namespace {

constexpr auto kUnknown = static_cast<std::size_t>(Truth::Unknown);
constexpr auto kTrue = static_cast<std::size_t>(Truth::True);

constexpr std::uint32_t kDefaultRule = 0;

bool IsRule(Opcode opcode) {
  return opcode == Opcode::Deny || opcode == Opcode::Require || opcode == Opcode::Allow ||
         opcode == Opcode::Approve || opcode == Opcode::CloseArguments || opcode == Opcode::Limit;
}

std::uint32_t RuleOf(const Layout& layout, const Instruction& instruction) {
  return instruction.opcode == Opcode::Limit ? layout.limits()[instruction.constant].rule
                                             : instruction.constant;
}

// Whether every call has a value of the right type there: the gateway fills it in itself.
bool IsAlwaysKnown(const Layout& layout, std::uint32_t slot) {
  if (slot >= layout.slots().size()) return false;  // made of others
  std::uint32_t node = layout.slots()[slot].node;
  while (layout.path_nodes()[node].parent != format::kNone) node = layout.path_nodes()[node].parent;
  if (node == static_cast<std::uint32_t>(format::Root::Now)) return true;
  const std::string path = layout.SlotPath(slot);
  return path == "tool.name" || path == "tool.server" || path == "grant.id";
}

bool CanBeUnknown(const Layout& layout, const Instruction& test) {
  if (IsAlwaysKnown(layout, test.slot)) return false;
  if (static_cast<Predicate>(test.predicate) != Predicate::Exists) return true;
  // Whether a member of the arguments themselves exists is always known.
  if (test.slot >= layout.slots().size()) return true;
  const format::PathNode& node = layout.path_nodes()[layout.slots()[test.slot].node];
  return node.parent != static_cast<std::uint32_t>(format::Root::Args);
}

bool LimitCanBeUnknown(const Layout& layout, const format::Limit& limit) {
  const format::Counter& counter = layout.counters()[limit.counter];
  const auto scopes = layout.scopes().subspan(counter.first_scope, counter.scope_count);
  return limit.cost != format::CostKind::One ||
         std::ranges::any_of(scopes, [](const format::Scope& scope) {
           return scope.kind == format::ScopeKind::Slot;
         });
}

Outcomes PossibleOf(const Layout& layout, const Instruction& instruction,
                    const std::vector<ConditionCoverage>& conditions) {
  Outcomes outcomes;
  if (instruction.opcode == Opcode::Limit) {
    outcomes.can_be[kUnknown] = LimitCanBeUnknown(layout, layout.limits()[instruction.constant]);
  } else if (instruction.opcode == Opcode::CloseArguments) {
    outcomes.can_be[kUnknown] = false;
  } else if (conditions.empty()) {
    outcomes.can_be = {false, false, false};
    outcomes.can_be[kTrue] = true;
  } else {
    outcomes.can_be[kUnknown] = std::ranges::any_of(
        conditions,
        [](const ConditionCoverage& condition) { return condition.outcomes.can_be[kUnknown]; });
  }
  return outcomes;
}

void CountOutcome(Outcomes& outcomes, Truth truth) {
  ++outcomes.counts[static_cast<std::size_t>(truth)];
  outcomes.can_be[static_cast<std::size_t>(truth)] = true;
}

// The code of every rule, that of quantifiers' bodies left out.
std::vector<bool> BodiesOf(const Layout& layout) {
  std::vector<bool> is_body(layout.code().size(), false);
  for (const format::Derived& derived : layout.derived()) {
    if (derived.kind != format::DerivedKind::Quantified) continue;
    std::fill(is_body.begin() + derived.code, is_body.begin() + derived.code_end, true);
  }
  return is_body;
}

template <typename Count>
std::size_t Sum(const std::vector<RuleCoverage>& rules, Count count) {
  std::size_t sum = 0;
  for (const RuleCoverage& rule : rules) {
    sum += count(rule.outcomes);
    for (const ConditionCoverage& condition : rule.conditions) sum += count(condition.outcomes);
  }
  return sum;
}

}  // namespace

std::size_t Outcomes::seen_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(counts, [](std::uint64_t count) { return count != 0; }));
}

std::size_t Outcomes::possible_count() const {
  return static_cast<std::size_t>(std::ranges::count(can_be, true));
}

Coverage::Coverage(std::shared_ptr<const Program> program) : program_(std::move(program)) {
  const Layout& layout = program_->layout();
  RuleCoverage by_default{.rule = kDefaultRule, .outcomes = {}, .conditions = {}};
  by_default.outcomes.can_be = {false, false, false};
  by_default.outcomes.can_be[kTrue] = true;
  rules_.push_back(std::move(by_default));
  by_rule_[kDefaultRule] = 0;
  const std::vector<bool> is_body = BodiesOf(layout);
  std::vector<const Instruction*> tests;
  for (std::size_t at = 0; at < layout.code().size(); ++at) {
    if (is_body[at]) continue;
    const Instruction& instruction = layout.code()[at];
    if (instruction.opcode == Opcode::Test) tests.push_back(&instruction);
    if (IsRule(instruction.opcode)) AddRule(instruction, tests);
  }
  std::ranges::stable_sort(
      rules_, {}, [&](const RuleCoverage& rule) { return layout.rules()[rule.rule].order; });
  by_rule_.clear();
  for (std::size_t i = 0; i < rules_.size(); ++i) by_rule_[rules_[i].rule] = i;
}

// The code of a rule stands in the block of every tool that it covers: the first counts.
void Coverage::AddRule(const Instruction& instruction, std::vector<const Instruction*>& tests) {
  const Layout& layout = program_->layout();
  const std::uint32_t rule = RuleOf(layout, instruction);
  const auto conditions = std::exchange(tests, {});
  // Rules that the lock adds are nobody's to test.
  if (by_rule_.contains(rule) || layout.text(layout.rules()[rule].id) == kLockRuleId) return;
  RuleCoverage coverage{.rule = rule, .outcomes = {}, .conditions = {}};
  for (const Instruction* test : conditions) {
    ConditionCoverage condition{.text = ConditionText(layout, *test), .outcomes = {}};
    condition.outcomes.can_be[kUnknown] = CanBeUnknown(layout, *test);
    coverage.conditions.push_back(std::move(condition));
  }
  coverage.outcomes = PossibleOf(layout, instruction, coverage.conditions);
  by_rule_[rule] = rules_.size();
  rules_.push_back(std::move(coverage));
}

RuleCoverage* Coverage::Find(std::uint32_t rule) {
  const auto found = by_rule_.find(rule);
  return found == by_rule_.end() ? nullptr : &rules_[found->second];
}

void Coverage::Count(std::uint32_t rule, Truth truth) {
  if (RuleCoverage* coverage = Find(rule)) CountOutcome(coverage->outcomes, truth);
}

void Coverage::Add(Frame& frame, const Decision& decision) {
  const Layout& layout = program_->layout();
  Findings findings;
  std::vector<TraceStep> trace;
  InterpretTraced(frame, findings, trace);
  std::vector<Truth> tests;  // of the rule whose instruction is still to come
  for (const TraceStep& step : trace) {
    const Instruction& instruction = layout.code()[step.instruction];
    if (instruction.opcode == Opcode::Test) {
      tests.push_back(step.truth);
      continue;
    }
    const bool is_require = instruction.opcode == Opcode::Require;  // traced as what it denies by
    Count(instruction.constant, is_require ? Not(step.truth) : step.truth);
    if (RuleCoverage* rule = Find(instruction.constant)) {
      const std::size_t count = std::min(tests.size(), rule->conditions.size());
      for (std::size_t i = 0; i < count; ++i) {
        CountOutcome(rule->conditions[i].outcomes, tests[i]);
      }
    }
    tests.clear();
  }
  for (const Quota& quota : decision.quotas) {
    Count(layout.limits()[quota.limit].rule, quota.is_short ? Truth::False : Truth::True);
  }
  for (const std::uint32_t rule : decision.rules) {
    if (rule == kDefaultRule) Count(rule, Truth::True);
    if (decision.quotas.empty() && layout.rules()[rule].kind == format::RuleKind::Limit) {
      Count(rule, Truth::Unknown);
    }
  }
}

std::size_t Coverage::seen_count() const {
  return Sum(rules_, [](const Outcomes& outcomes) { return outcomes.seen_count(); });
}

std::size_t Coverage::possible_count() const {
  return Sum(rules_, [](const Outcomes& outcomes) { return outcomes.possible_count(); });
}

}  // namespace policy
