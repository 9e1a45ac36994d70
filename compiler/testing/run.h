// Tests run: each call decided, and held to what was expected of it.
#ifndef COMPILER_TESTING_RUN_H_
#define COMPILER_TESTING_RUN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/testing/coverage.h"
#include "compiler/testing/suite.h"
#include "policy/program.h"

namespace policy {

// Where the clock of a test stands until the test sets it: 2026-01-05T12:00:00Z, a Monday. A call
// that sets it sets it for those after it.
inline constexpr std::string_view kTestClock = "2026-01-05T12:00:00Z";

struct RunOptions {
  std::string server;  // of calls that name none; as in CallDefaults
  std::string filter;  // only tests whose name holds it
};

// One thing that was expected and is not so.
struct Mismatch {
  Span span;         // of the expectation, in the suite's source
  std::string what;  // "expected approval, decided allow"
};

struct CallFailure {
  std::vector<Mismatch> mismatches;  // not empty
  std::string call;                  // as `policyc eval` reads it; empty: the test has none
  std::string explanation;           // what every rule said, lines begin with two spaces
};

struct TestResult {
  const ast::Test* test = nullptr;  // of the suite
  std::vector<CallFailure> failures;

  bool has_passed() const { return failures.empty(); }
};

struct SuiteResult {
  const Suite* suite = nullptr;
  std::vector<TestResult> tests;  // those that the filter leaves

  std::size_t failed_count() const;
};

// Runs the tests one by one, each over counters of its own that its calls share. `program` is one
// compiled without passes, so that explanations have every rule and condition as written. `suite`
// outlives the result. `coverage`, of the same program, counts what the calls saw; may be null.
SuiteResult RunSuite(const Suite& suite, const std::shared_ptr<const Program>& program,
                     const RunOptions& options, Coverage* coverage);

}  // namespace policy

#endif  // COMPILER_TESTING_RUN_H_
