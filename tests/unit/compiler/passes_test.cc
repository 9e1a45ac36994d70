// The passes on formulas written by hand.
#include <catch2/catch.hpp>

#include "compiler/ir/access.h"
#include "compiler/passes/constant_folding.h"
#include "compiler/passes/dead_rules.h"
#include "compiler/passes/tool_fusion.h"

namespace policy {
namespace {

using ir::Formula;
using ir::FormulaId;
using ir::FormulaKind;

// Builds a policy formula by formula.
struct Builder {
  ir::Policy policy;

  FormulaId Add(Formula formula) {
    policy.formulas.push_back(std::move(formula));
    return static_cast<FormulaId>(policy.formulas.size() - 1);
  }
  FormulaId Constant(Truth truth) {
    Formula formula;
    formula.constant = truth;
    return Add(formula);
  }
  FormulaId Test(unsigned id) {
    Formula formula;
    formula.kind = FormulaKind::Test;
    formula.test_id = static_cast<ir::TestId>(id);
    return Add(formula);
  }
  FormulaId Group(FormulaKind kind, std::vector<FormulaId> operands) {
    Formula formula;
    formula.kind = kind;
    formula.operands = std::move(operands);
    return Add(formula);
  }
  ir::RuleId Rule(format::RuleKind kind, FormulaId condition_id) {
    ir::Rule rule;
    rule.kind = kind;
    rule.condition_id = condition_id;
    policy.rules.push_back(rule);
    return static_cast<ir::RuleId>(policy.rules.size() - 1);
  }
  const Formula& Folded(FormulaId id) {
    FoldConstants(policy);
    return ir::FormulaOf(policy, id);
  }
};

TEST_CASE("an absorbing constant takes the group, a neutral one leaves it") {
  Builder b;
  const FormulaId t = b.Test(0);
  const FormulaId absorbed =
      b.Group(FormulaKind::And, {t, b.Constant(Truth::False), b.Constant(Truth::Unknown)});
  const FormulaId left = b.Group(FormulaKind::Or, {b.Constant(Truth::False), t});
  CHECK(b.Folded(absorbed).kind == FormulaKind::Constant);
  CHECK(b.Folded(absorbed).constant == Truth::False);
  CHECK(b.Folded(left).kind == FormulaKind::Test);
}

TEST_CASE("unknown is not folded away, and nothing is true because its negation is in the group") {
  Builder b;
  const FormulaId t = b.Test(0);
  const FormulaId u = b.Test(1);
  const FormulaId with_unknown = b.Group(FormulaKind::And, {t, b.Constant(Truth::Unknown)});
  const FormulaId middle = b.Group(FormulaKind::Or, {u, b.Group(FormulaKind::Not, {u})});
  CHECK(b.Folded(with_unknown).kind == FormulaKind::And);
  CHECK(b.Folded(with_unknown).operands.size() == 2);
  CHECK(b.Folded(middle).kind == FormulaKind::Or);
  CHECK(b.Folded(middle).operands.size() == 2);
}

TEST_CASE("groups of one kind flatten, repeated operands and double negation go") {
  Builder b;
  const FormulaId t = b.Test(0);
  const FormulaId u = b.Test(1);
  const FormulaId inner = b.Group(FormulaKind::And, {t, u});
  const FormulaId outer = b.Group(FormulaKind::And, {inner, t});
  const FormulaId twice = b.Group(FormulaKind::Not, {b.Group(FormulaKind::Not, {t})});
  CHECK(b.Folded(outer).operands == std::vector<FormulaId>{t, u});
  CHECK(b.Folded(twice).kind == FormulaKind::Test);
}

TEST_CASE("dead rules leave their block, an allow rule never does") {
  using format::RuleKind;
  struct {
    RuleKind kind;
    Truth condition;
    bool stays;
  } const rows[] = {
      {RuleKind::Deny, Truth::False, false},     {RuleKind::Deny, Truth::Unknown, true},
      {RuleKind::Deny, Truth::True, true},       {RuleKind::Require, Truth::True, false},
      {RuleKind::Require, Truth::Unknown, true}, {RuleKind::Approve, Truth::False, false},
      {RuleKind::Allow, Truth::False, true},     {RuleKind::Allow, Truth::True, true},
  };
  for (const auto& row : rows) {
    Builder b;
    const ir::RuleId id = b.Rule(row.kind, b.Constant(row.condition));
    b.policy.blocks.push_back({{"a"}, {id}, false, {}});
    DropDeadRules(b.policy);
    CHECK(b.policy.blocks.front().rule_ids.empty() != row.stays);
  }
}

TEST_CASE("the pattern * adds rules to every tool but admits none") {
  Builder b;
  const FormulaId always = b.Constant(Truth::True);
  const ir::RuleId allow = b.Rule(format::RuleKind::Allow, always);
  const ir::RuleId deny = b.Rule(format::RuleKind::Deny, always);
  b.policy.blocks.push_back({{"*"}, {allow, deny}, false, {}});
  b.policy.blocks.push_back({{"named"}, {}, false, {}});
  const ir::Plan plan = FuseTools(b.policy);
  REQUIRE(plan.tools.size() == 1);
  CHECK(plan.tools.front().code.rule_ids == std::vector<ir::RuleId>{deny});
  REQUIRE(plan.patterns.size() == 1);
  CHECK(plan.patterns.front().code.rule_ids == std::vector<ir::RuleId>{deny});
}

TEST_CASE("a named tool gets the rules of every block that covers it, in policy order") {
  Builder b;
  const FormulaId always = b.Constant(Truth::True);
  const ir::RuleId first = b.Rule(format::RuleKind::Deny, always);
  const ir::RuleId second = b.Rule(format::RuleKind::Allow, always);
  const ir::RuleId third = b.Rule(format::RuleKind::Deny, always);
  b.policy.blocks.push_back({{"send_*"}, {first}, false, {}});
  b.policy.blocks.push_back({{"send_mail", "s*"}, {second}, false, {}});
  b.policy.blocks.push_back({{"read_*"}, {third}, false, {}});
  b.policy.blocks.push_back({{"*_mail"}, {third}, true, {}});
  const ir::Plan plan = FuseTools(b.policy);
  REQUIRE(plan.tools.size() == 1);
  CHECK(plan.tools.front().code.rule_ids == std::vector<ir::RuleId>{first, second, third});
  CHECK(plan.tools.front().hidden);
  CHECK(plan.patterns.size() == 4);
}

}  // namespace
}  // namespace policy
