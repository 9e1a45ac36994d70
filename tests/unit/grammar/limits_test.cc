// Sizes that are too large for a case file to hold.
#include "grammar/limits.h"

#include <catch2/catch.hpp>
#include <string>

#include "grammar/policy_json_reader.h"

namespace {

std::string FirstCode(std::string text) {
  const policy::Source source("policy.json", std::move(text));
  policy::Diagnostics diagnostics;
  const auto read = policy::ReadPolicyJson(source, diagnostics);
  CHECK(read.has_value() == diagnostics.all().empty());
  return diagnostics.all().empty() ? "" : std::string(diagnostics.all().front().code);
}

std::string WithTools(const std::string& tools) {
  return R"({"version": "1", "default": "deny", "tools": {)" + tools + "}}";
}

std::string WithReason(std::size_t bytes) {
  return WithTools(R"("a": {"reason": ")" + std::string(bytes, 'r') + "\"}");
}

// `entries` tools of `rules` rules each, entries counted as one rule more.
std::string WithRules(std::size_t entries, std::size_t rules) {
  std::string limits;
  for (std::size_t i = 1; i < rules; ++i) limits += R"({"conditions": []},)";
  limits += R"({"conditions": []})";
  std::string tools;
  for (std::size_t i = 0; i < entries; ++i) {
    tools += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) + R"(": {"deny_if": [)" + limits + "]}";
  }
  return WithTools(tools);
}

}  // namespace

TEST_CASE("a file has at most kPolicyBytesMax bytes") {
  const std::string policy = WithTools("");
  CHECK(FirstCode(policy + std::string(policy::kPolicyBytesMax - policy.size(), ' ')).empty());
  CHECK(FirstCode(policy + std::string(policy::kPolicyBytesMax - policy.size() + 1, ' ')) ==
        "P1004");
}

TEST_CASE("a string has at most kPolicyStringBytesMax bytes") {
  CHECK(FirstCode(WithReason(policy::kPolicyStringBytesMax)).empty());
  CHECK(FirstCode(WithReason(policy::kPolicyStringBytesMax + 1)) == "P1012");
}

TEST_CASE("a list has at most as many members as its limit says") {
  CHECK(FirstCode(WithRules(1, policy::kEntryRulesMax)).empty());
  CHECK(FirstCode(WithRules(1, policy::kEntryRulesMax + 1)) == "P1013");
}

TEST_CASE("a policy has at most kPolicyRulesMax rules") {
  CHECK(FirstCode(WithRules(policy::kPolicyRulesMax / 500, 499)).empty());
  CHECK(FirstCode(WithRules(policy::kPolicyRulesMax / 500, 500)) == "P1014");
}
