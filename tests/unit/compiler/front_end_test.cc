#include "compiler/front_end.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "compiler/ir/access.h"
#include "policy/compiler.h"

namespace {

using policy::format::RuleKind;

policy::ir::Policy FrontEnd(const std::string& tools) {
  const policy::Source source(
      "policy.json",
      R"({"version": "1", "default": "deny", "hide": ["x*"], "tools": )" + tools + "}");
  policy::Diagnostics diagnostics;
  auto policy = policy::RunFrontEnd(source, {}, diagnostics);
  REQUIRE(policy);
  return *std::move(policy);
}

std::vector<std::string> Ids(const policy::ir::Policy& policy) {
  std::vector<std::string> ids;
  for (const policy::ir::Rule& rule : policy.rules) ids.push_back(rule.id);
  return ids;
}

}  // namespace

TEST_CASE("rules are named by the place of what wrote them") {
  const auto policy = FrontEnd(R"({
    "a/b~c": {"require": [{"conditions": []}], "args": ["x"], "rate_limit": "1/minute",
              "deny_if": [{"conditions": []}, {"conditions": []}]},
    "d": {"action": "deny"},
    "e": {"action": "require_approval", "approve_if": [{"conditions": []}],
          "limits": [{"counter": "c", "window": "day", "max": 1}]}
  })");
  CHECK(Ids(policy) ==
        std::vector<std::string>{"/hide/0", "/tools/a~1b~0c", "/tools/a~1b~0c/require/0",
                                 "/tools/a~1b~0c/args", "/tools/a~1b~0c/rate_limit",
                                 "/tools/a~1b~0c/deny_if/0", "/tools/a~1b~0c/deny_if/1",
                                 "/tools/d/action", "/tools/e", "/tools/e/action",
                                 "/tools/e/approve_if/0", "/tools/e/limits/0"});
  CHECK(policy.counters[0].name == "/tools/a~1b~0c/rate_limit");
}

TEST_CASE("a pattern of stars never admits") {
  for (const char* pattern : {"*", "**"}) {
    const auto policy =
        FrontEnd("{\"" + std::string(pattern) + R"(": {"rate_limit": "5/minute"}})");
    CHECK(policy.rules.size() == 2);
    CHECK(policy.rules[1].kind == RuleKind::Limit);
  }
}

TEST_CASE("a reason speaks for the denials of its entry that have no words of their own") {
  const auto policy = FrontEnd(R"({"a": {"reason": "ask ops",
    "require": [{"conditions": []}, {"conditions": [], "on_deny": "no"}],
    "rate_limit": "1/day"}})");
  CHECK(policy.rules[2].message == "ask ops");
  CHECK(policy.rules[3].message == "no");
  CHECK(policy.rules[4].message.empty());
}

TEST_CASE("what an absent value stands for is decided once") {
  const auto policy = FrontEnd(R"({"a": {"require": [{"conditions": [
    {"path": "args.a", "op": "eq", "value": 1, "absent": 1.0},
    {"path": "args.a", "op": "neq", "value": 1, "absent": 1},
    {"path": "args.a", "op": "in", "value": ["x", "y"], "absent": "z"},
    {"path": "args.a", "op": "regex", "value": "^a.b$", "absent": "a\nb"},
    {"path": "args.a", "op": "gt", "value": 1, "absent": "2"},
    {"path": "args.a", "op": "gt", "value": 1}]}]}})");
  using policy::Truth;
  std::vector<std::optional<Truth>> seen;
  for (const policy::ir::Test& test : policy.tests) seen.push_back(test.when_absent);
  // Of neq the test is eq, and the negation stands outside of it.
  CHECK(seen == std::vector<std::optional<Truth>>{Truth::True, Truth::True, Truth::False,
                                                  Truth::True, Truth::Unknown, std::nullopt});
  CHECK(policy.paths.size() == 1);
}

TEST_CASE("limits that name one counter share it, however its window is written") {
  const auto policy = FrontEnd(R"({"a": {"limits": [
    {"counter": "c", "window": "minute", "max": 5.00, "scope": ["grant", {"arg": "to"}]},
    {"counter": "c", "window": 60, "max": 2.5, "scale": 2, "scope": [{"arg": "to"}, "grant"]}]}})");
  REQUIRE(policy.counters.size() == 1);
  CHECK(policy.counters[0].scale == 2);
  CHECK(policy.rules[2].limit.max == 500);
  CHECK(policy.rules[3].limit.max == 250);
}

TEST_CASE("a counter's scopes stand in one order, whatever is mentioned first") {
  for (const char* first : {"args.b", "args.a"}) {
    const auto policy =
        FrontEnd(R"({"a": {"require": [{"conditions": [{"path": ")" + std::string(first) +
                 R"(", "op": "eq", "value": 1}]}], "limits": [
    {"counter": "c", "window": "minute", "max": 5,
     "scope": [{"arg": "b"}, "grant", {"arg": "a"}]}]}})");
    const auto& scopes = policy.counters[0].scopes;
    REQUIRE(scopes.size() == 3);
    CHECK(scopes[0].kind == policy::format::ScopeKind::Grant);
    const auto name = [&](std::size_t i) {
      return std::get<std::string>(policy::ir::PathOf(policy, scopes[i].path_id).steps[0]);
    };
    CHECK(name(1) == "a");
    CHECK(name(2) == "b");
  }
}

TEST_CASE("a policy that needs too large a program is told so") {
  constexpr int kRules = 660;
  std::string rules;
  for (int i = 0; i < kRules; ++i) {
    rules += i == 0 ? R"({"conditions": [)" : R"(,{"conditions": [)";
    for (int j = 0; j < 100; ++j) {
      rules += (j == 0 ? R"({"path": "args.a)" : R"(,{"path": "args.a)") +
               std::to_string(i * 100 + j) + R"(", "op": "eq", "value": true})";
    }
    rules += "]}";
  }
  const policy::Source source(
      "policy.json",
      R"({"version": "1", "default": "deny", "tools": {"a": {"require": [)" + rules + "]}}}");
  policy::Diagnostics diagnostics;
  CHECK_FALSE(Compile(source, {}, diagnostics));
  REQUIRE_FALSE(diagnostics.all().empty());
  CHECK(diagnostics.all().back().code == "P6001");
}
