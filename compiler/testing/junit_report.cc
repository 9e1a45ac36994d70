#include <fmt/format.h>

#include "compiler/testing/report.h"
#include "grammar/xml_text.h"

namespace policy {

namespace {

std::string DetailsOf(const Source& source, const CallFailure& failure) {
  std::string text;
  for (const Mismatch& mismatch : failure.mismatches) {
    text += fmt::format("{}: {}\n", PlaceText(source, mismatch.span), mismatch.what);
  }
  if (!failure.call.empty()) text += fmt::format("call: {}\n", failure.call);
  return text + failure.explanation;
}

// A testcase has one failure element: readers take the first only.
std::string FailureElement(const Source& source, const TestResult& test) {
  std::string details;
  for (const CallFailure& failure : test.failures) details += DetailsOf(source, failure);
  return fmt::format("      <failure message=\"{}\">{}</failure>\n",
                     XmlText(test.failures.front().mismatches.front().what), XmlText(details));
}

std::string CaseElement(const Source& source, const TestResult& test) {
  const std::string head =
      fmt::format(R"(    <testcase name="{}" classname="{}" file="{}" line="{}")",
                  XmlText(test.test->name.text), XmlText(source.name()), XmlText(source.name()),
                  source.Locate(test.test->name.span.begin).line);
  if (test.has_passed()) return head + "/>\n";
  return head + ">\n" + FailureElement(source, test) + "    </testcase>\n";
}

}  // namespace

std::string RenderJunit(std::span<const SuiteResult> results) {
  std::size_t test_count = 0;
  std::size_t failed_count = 0;
  std::string suites;
  for (const SuiteResult& result : results) {
    const Source& source = *result.suite->source;
    suites += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n",
                          XmlText(source.name()), result.tests.size(), result.failed_count());
    for (const TestResult& test : result.tests) suites += CaseElement(source, test);
    suites += "  </testsuite>\n";
    test_count += result.tests.size();
    failed_count += result.failed_count();
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"policyc test\" tests=\"{}\" failures=\"{}\">\n{}</testsuites>\n",
      test_count, failed_count, suites);
}

}  // namespace policy
