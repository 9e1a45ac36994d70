// Compile as an embedder calls it: what it emits always verifies, and goes over no limit unsaid.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "compiler/emit/emit.h"
#include "compiler/passes/pipeline.h"
#include "policy/compiler.h"
#include "policy/program.h"
#include "runtime/program/disassemble.h"
#include "runtime/program/format.h"

namespace policy {
namespace {

std::string Policy(const std::string& tools) {
  return R"({"version":"1","default":"deny","tools":{)" + tools + "}}";
}

std::shared_ptr<const Program> CompileAndLoad(const std::string& text, bool optimise) {
  Diagnostics diagnostics;
  const Source source("policy.json", text);
  const auto bytes = Compile(source, {.optimise = optimise}, diagnostics);
  REQUIRE(bytes.has_value());
  const auto program = Program::Load(*bytes);
  INFO(text);
  if (!program) FAIL(program.error().what);
  return *program;
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

std::string EqualityRules(int count) {
  std::string rules;
  for (int i = 0; i < count; ++i) {
    rules += fmt::format(
        R"({}{{"conditions":[{{"path":"args.kind","op":"eq","value":"k{}"}},
                             {{"path":"args.note","op":"regex","value":"^x"}}]}})",
        i == 0 ? "" : ",", i);
  }
  return rules;
}

TEST_CASE("a policy of any shape compiles to what verifies, with and without passes") {
  const std::string policies[] = {
      Policy(""),
      Policy(R"("a":{})"),
      Policy(R"("*":{"deny_if":[{"conditions":[]}]},"a*":{},"a":{"action":"deny"})"),
      Policy(R"("a":{"args":[]})"),
      Policy(R"("a":{"args":["x","y"],"rate_limit":"30/minute"})"),
      Policy(R"("a":{"deny_if":[)" + EqualityRules(40) + "]}"),
      Policy(
          R"("a":{"limits":[{"counter":"c","window":"month","max":10,"scope":["grant",{"arg":"to"}],
              "cost":{"length":"args.to"}}]})"),
  };
  for (const std::string& policy : policies) {
    const auto optimised = CompileAndLoad(policy, true);
    const auto plain = CompileAndLoad(policy, false);
    CHECK(Disassemble(*optimised) == Disassemble(*CompileAndLoad(policy, true)));
    CHECK(!Disassemble(*plain).empty());
  }
}

TEST_CASE("rules that ask for one value of an argument are found by an index from four on") {
  const auto three = CompileAndLoad(Policy(R"("a":{"deny_if":[)" + EqualityRules(3) + "]}"), true);
  CHECK(CountOf(Disassemble(*three), "index args.kind") == 0);
  const auto four = CompileAndLoad(Policy(R"("a":{"deny_if":[)" + EqualityRules(4) + "]}"), true);
  CHECK(CountOf(Disassemble(*four), "index args.kind") == 1);
  const auto plain = CompileAndLoad(Policy(R"("a":{"deny_if":[)" + EqualityRules(4) + "]}"), false);
  CHECK(CountOf(Disassemble(*plain), "index args.kind") == 0);
}

TEST_CASE("a test that several rules of a tool ask is run once") {
  const auto program =
      CompileAndLoad(Policy(R"("a":{"deny_if":[)" + EqualityRules(2) + "]}"), true);
  CHECK(CountOf(Disassemble(*program), R"(args.note regex "^x" [memo 1])") == 2);
}

TEST_CASE("passes keep every rule in the table, so that ids mean the same") {
  const std::string policy =
      Policy(R"("a":{"require":[{"conditions":[]}],"deny_if":[)" + EqualityRules(5) + "]}");
  const auto optimised = CompileAndLoad(policy, true);
  const auto plain = CompileAndLoad(policy, false);
  for (std::uint32_t rule = 0; rule < 8; ++rule) {
    CHECK(optimised->rule(rule).id == plain->rule(rule).id);
  }
}

TEST_CASE("a policy that asks for too many paths is refused with the limit's name") {
  ir::Policy policy;
  ir::Rule rule;
  rule.kind = format::RuleKind::Deny;
  rule.id = "/tools/a/deny_if/0";
  ir::Formula all{.kind = ir::FormulaKind::And};
  for (std::uint32_t i = 0; i <= format::kSlotsMax; ++i) {
    policy.paths.push_back({format::Root::Args, {fmt::format("a{}", i)}});
    policy.values.push_back({.path_id = static_cast<ir::PathId>(i)});
    policy.tests.push_back(
        {.value_id = static_cast<ir::ValueId>(i), .predicate = Predicate::Exists});
    policy.formulas.push_back(
        {.kind = ir::FormulaKind::Test, .test_id = static_cast<ir::TestId>(i)});
    all.operands.push_back(static_cast<ir::FormulaId>(i));
  }
  policy.formulas.push_back(all);
  rule.condition_id = static_cast<ir::FormulaId>(policy.formulas.size() - 1);
  policy.rules.push_back(rule);
  policy.blocks.push_back({{"a"}, {ir::RuleId{0}}, false, {}});
  const ir::Plan plan = MakePlan(policy, false);
  Diagnostics diagnostics;
  const Source source("policy.json", "{}");
  CHECK(!Emit(policy, plan, source, diagnostics));
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all().front().code == "P6001");
  CHECK(diagnostics.all().front().message.find("65535") != std::string::npos);
}

}  // namespace
}  // namespace policy
