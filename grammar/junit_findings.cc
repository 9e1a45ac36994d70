#include <fmt/format.h>

#include <vector>

#include "grammar/diagnostic_renderer.h"
#include "grammar/xml_text.h"

namespace policy {

namespace {

std::string CaseElement(const Diagnostic& finding, const std::string& file, Severity fail_on) {
  const std::uint32_t line =
      finding.source == nullptr ? 1 : finding.source->Locate(finding.span.begin).line;
  const std::string head =
      fmt::format(R"(    <testcase name="{}: {}" classname="{}" file="{}" line="{}">)",
                  finding.code, XmlText(finding.message), XmlText(file), XmlText(file), line);
  const std::string details = XmlText(RenderText(finding, {}));
  if (finding.severity < fail_on) {
    return fmt::format("{}\n      <system-out>{}</system-out>\n    </testcase>\n", head, details);
  }
  return fmt::format(
      "{}\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n", head,
      NameOf(finding.severity), XmlText(finding.message), details);
}

}  // namespace

std::string RenderJunit(FindingList findings, std::span<const std::string> files,
                        Severity fail_on) {
  std::string suites;
  std::size_t case_count = 0;
  std::size_t failed_count = 0;
  for (const std::string& file : files) {
    std::string cases;
    std::size_t count = 0;
    std::size_t failed = 0;
    for (const Diagnostic* finding : findings) {
      const Source* root = finding->root == nullptr ? finding->source : finding->root;
      if (root == nullptr || root->name() != file) continue;
      cases += CaseElement(*finding, finding->source->name(), fail_on);
      ++count;
      if (finding->severity >= fail_on) ++failed;
    }
    if (cases.empty()) {
      count = 1;
      cases = fmt::format("    <testcase name=\"no findings\" classname=\"{}\" file=\"{}\"/>\n",
                          XmlText(file), XmlText(file));
    }
    suites +=
        fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n",
                    XmlText(file), count, failed, cases);
    case_count += count;
    failed_count += failed;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"policyc check\" tests=\"{}\" failures=\"{}\">\n{}</testsuites>\n",
      case_count, failed_count, suites);
}

}  // namespace policy
