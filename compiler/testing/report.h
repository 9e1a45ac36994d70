// What `policyc test` prints: one file of the implementation for each format.
#ifndef COMPILER_TESTING_REPORT_H_
#define COMPILER_TESTING_REPORT_H_

#include <cstddef>
#include <span>
#include <string>

#include "compiler/testing/coverage.h"
#include "compiler/testing/run.h"
#include "grammar/diagnostic_renderer.h"

namespace policy {

// One line about a file, then each failure: where the expectation stands, what was decided instead,
// and what every rule said. text_report.cc.
std::string RenderSuite(const SuiteResult& result, TextStyle style);

// "3 passed, 1 failed" and a line end.
std::string RenderTotals(std::span<const SuiteResult> results, TextStyle style);

// JUnit XML: a testsuite for each file, a testcase for each test. junit_report.cc.
std::string RenderJunit(std::span<const SuiteResult> results);

// A line for each rule and below it one for each condition: how often it was true, false and
// unknown, a dash for what it cannot be. coverage_report.cc.
std::string RenderCoverage(const Coverage& coverage);
double CoveragePercent(std::size_t seen_count, std::size_t possible_count);
std::string ShareText(std::size_t seen_count, std::size_t possible_count);  // "60.0% (3 of 5 …)"

// Everything, for programs; `coverage` is null where none was asked for. json_report.cc.
std::string RenderTestsJson(std::span<const SuiteResult> results,
                            std::span<const Coverage* const> coverages);

}  // namespace policy

#endif  // COMPILER_TESTING_REPORT_H_
