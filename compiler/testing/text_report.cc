#include <fmt/format.h>

#include "compiler/testing/report.h"

namespace policy {

namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kGreen = "\x1b[1;32m";

std::string Painted(std::string_view text, std::string_view colour, TextStyle style) {
  return style.colour ? fmt::format("{}{}{}", colour, text, kReset) : std::string(text);
}

std::string CountText(std::size_t passed_count, std::size_t failed_count) {
  return failed_count == 0 ? fmt::format("{} passed", passed_count)
                           : fmt::format("{} passed, {} failed", passed_count, failed_count);
}

std::string FailureText(const Source& source, const TestResult& test, const CallFailure& failure,
                        TextStyle style) {
  std::string text;
  for (const Mismatch& mismatch : failure.mismatches) {
    text += fmt::format("\n{} {}: {}\n{}",
                        Painted(PlaceText(source, mismatch.span) + ":", kBold, style),
                        Painted("failed", kRed, style), VisibleText(test.test->name.text),
                        Excerpt(source, mismatch.span, style));
    text += fmt::format("  {}\n", VisibleText(mismatch.what));
  }
  if (!failure.call.empty()) text += fmt::format("  call: {}\n", VisibleText(failure.call));
  return text + failure.explanation;
}

}  // namespace

std::string RenderSuite(const SuiteResult& result, TextStyle style) {
  const Source& source = *result.suite->source;
  const std::size_t failed_count = result.failed_count();
  std::string text = fmt::format(
      "{} {}: {}\n",
      failed_count == 0 ? Painted("ok  ", kGreen, style) : Painted("FAIL", kRed, style),
      VisibleText(source.name()), CountText(result.tests.size() - failed_count, failed_count));
  for (const TestResult& test : result.tests) {
    for (const CallFailure& failure : test.failures) {
      text += FailureText(source, test, failure, style);
    }
  }
  if (failed_count != 0) text += '\n';
  return text;
}

std::string RenderTotals(std::span<const SuiteResult> results, TextStyle style) {
  std::size_t test_count = 0;
  std::size_t failed_count = 0;
  for (const SuiteResult& result : results) {
    test_count += result.tests.size();
    failed_count += result.failed_count();
  }
  return Painted(fmt::format("{} passed, {} failed", test_count - failed_count, failed_count),
                 failed_count == 0 ? kGreen : kRed, style) +
         "\n";
}

}  // namespace policy
