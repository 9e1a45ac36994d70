// Diagnostics as people and programs read them.
#ifndef GRAMMAR_DIAGNOSTIC_RENDERER_H_
#define GRAMMAR_DIAGNOSTIC_RENDERER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/diagnostic.h"

namespace policy {

std::string_view NameOf(Severity severity);  // "error", "warning", "info"

struct TextStyle {
  bool colour = false;  // terminal escapes
};

// One diagnostic:
//
//   policy.json:3:14: error[P1010]: `allways` is not a default
//     "default": "allways",
//                ^~~~~~~~~
//     help: did you mean `allow`?
//
// What stands in the policy is shown with control characters made visible, long lines around the
// place only.
std::string RenderText(const Diagnostic& diagnostic, TextStyle style);

// Its first line alone, without a line end.
std::string RenderHead(const Diagnostic& diagnostic, TextStyle style);

// The parts of it, for other reports about what stands in a text.
std::string PlaceText(const Source& source, Span span);                 // "policy.json:3:14"
std::string Excerpt(const Source& source, Span span, TextStyle style);  // the line and the carets
// Each code point in one visible place: tabs as blanks, unsafe and malformed ones as U+FFFD.
std::string VisibleText(std::string_view text);

// Reports of all findings, one file of the implementation for each format. Findings without a place
// are about no file.
using FindingList = std::span<const Diagnostic* const>;

// What the dearest decision of a policy can cost, in units of which 1 is about a test of a number.
struct PolicyCost {
  std::string file;
  std::string tool;  // whose calls cost most; empty: no rule costs anything
  std::uint64_t cost = 0;
  std::uint64_t cost_max = 0;  // that a policy may have
};

// {"findings":[{"code","severity","file","line","column","message","help","fix","witness"}],
// "policies":[{"file","worst_decision":{"tool","cost","cost_max"}}]} and a line end. `help`, `fix`,
// `witness` and `tool` are null where there is none; a fix has begin, end (byte offsets) and text.
// json_findings.cc.
std::string RenderJson(FindingList findings, std::span<const PolicyCost> costs);

// SARIF 2.1.0: one run, a rule for each code, regions in code points, fixes, and fingerprints that
// hold while other lines come and go. sarif_findings.cc.
std::string RenderSarif(FindingList findings);

// JUnit XML: a testsuite for each of `files`, in it a testcase for each finding, failed from
// `fail_on` on; a file without findings has one that passed. junit_findings.cc.
std::string RenderJunit(FindingList findings, std::span<const std::string> files, Severity fail_on);

// Workflow commands of GitHub Actions: a line for each finding. github_findings.cc.
std::string RenderGithub(FindingList findings);

}  // namespace policy

#endif  // GRAMMAR_DIAGNOSTIC_RENDERER_H_
