#include <nlohmann/json.hpp>

#include "compiler/testing/report.h"
#include "runtime/program/disassemble.h"
#include "runtime/program/layout.h"

namespace policy {

namespace {

using nlohmann::ordered_json;

ordered_json FailureJson(const Source& source, const CallFailure& failure) {
  ordered_json mismatches = ordered_json::array();
  for (const Mismatch& mismatch : failure.mismatches) {
    const Position at = source.Locate(mismatch.span.begin);
    mismatches.push_back({{"line", at.line}, {"column", at.column}, {"message", mismatch.what}});
  }
  return {{"mismatches", std::move(mismatches)},
          {"call", failure.call},
          {"explanation", failure.explanation}};
}

ordered_json TestJson(const Source& source, const TestResult& test) {
  ordered_json failures = ordered_json::array();
  for (const CallFailure& failure : test.failures) failures.push_back(FailureJson(source, failure));
  return {{"name", test.test->name.text},
          {"file", source.name()},
          {"line", source.Locate(test.test->name.span.begin).line},
          {"passed", test.has_passed()},
          {"failures", std::move(failures)}};
}

// Null: what cannot come about.
void AddOutcomes(const Outcomes& outcomes, ordered_json& json) {
  constexpr std::pair<Truth, const char*> kTruths[] = {
      {Truth::True, "true"}, {Truth::False, "false"}, {Truth::Unknown, "unknown"}};
  for (const auto& [truth, name] : kTruths) {
    const auto at = static_cast<std::size_t>(truth);
    json[name] = outcomes.can_be[at] ? ordered_json(outcomes.counts[at]) : ordered_json();
  }
}

ordered_json RuleJson(const Coverage& coverage, const RuleCoverage& rule) {
  const RuleReference reference = coverage.program().rule(rule.rule);
  ordered_json json{{"id", reference.id},
                    {"kind", NameOf(coverage.program().layout().rules()[rule.rule].kind)},
                    {"file", reference.file},
                    {"line", reference.line}};
  AddOutcomes(rule.outcomes, json);
  ordered_json conditions = ordered_json::array();
  for (const ConditionCoverage& condition : rule.conditions) {
    ordered_json entry{{"condition", condition.text}};
    AddOutcomes(condition.outcomes, entry);
    conditions.push_back(std::move(entry));
  }
  json["conditions"] = std::move(conditions);
  return json;
}

ordered_json CoverageJson(std::span<const Coverage* const> coverages) {
  ordered_json policies = ordered_json::array();
  std::size_t seen_count = 0;
  std::size_t possible_count = 0;
  for (const Coverage* coverage : coverages) {
    ordered_json rules = ordered_json::array();
    for (const RuleCoverage& rule : coverage->rules()) rules.push_back(RuleJson(*coverage, rule));
    policies.push_back({{"file", coverage->program().rule(0).file},
                        {"seen", coverage->seen_count()},
                        {"possible", coverage->possible_count()},
                        {"rules", std::move(rules)}});
    seen_count += coverage->seen_count();
    possible_count += coverage->possible_count();
  }
  return {{"percent", CoveragePercent(seen_count, possible_count)},
          {"seen", seen_count},
          {"possible", possible_count},
          {"policies", std::move(policies)}};
}

}  // namespace

std::string RenderTestsJson(std::span<const SuiteResult> results,
                            std::span<const Coverage* const> coverages) {
  ordered_json tests = ordered_json::array();
  std::size_t failed_count = 0;
  for (const SuiteResult& result : results) {
    for (const TestResult& test : result.tests) {
      tests.push_back(TestJson(*result.suite->source, test));
    }
    failed_count += result.failed_count();
  }
  ordered_json report{{"passed", tests.size() - failed_count}, {"failed", failed_count}};
  report["tests"] = std::move(tests);
  report["coverage"] = coverages.empty() ? ordered_json() : CoverageJson(coverages);
  return report.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace policy
