// What `policyc test` prints: one file of the implementation for each format.
#ifndef COMPILER_TESTING_REPORT_H_
#define COMPILER_TESTING_REPORT_H_

#include <span>
#include <string>

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

}  // namespace policy

#endif  // COMPILER_TESTING_REPORT_H_
