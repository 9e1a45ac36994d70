#include "compiler/check/allowance.h"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/diagnostic_table.h"
#include "runtime/value/suggestion.h"

namespace policy {

bool CheckAllowedCode(std::string_view code, const Source& source, Span span,
                      Diagnostics& diagnostics) {
  const DiagnosticRow* row = FindDiagnostic(code);
  if (row == nullptr) {
    diagnostics.Report(diag::AllowUnknownCode, source, span, code)
        .Help("a code is like P4003, and stands in brackets where the finding is printed");
    return false;
  }
  if (row->severity == Severity::Error) {
    diagnostics.Report(diag::AllowError, source, span, code)
        .Help("mend what it says: a policy with an error is not compiled");
    return false;
  }
  return true;
}

void Allow(Allowance& allowance, const std::vector<AllowedRange>& ranges,
           std::vector<const Diagnostic*>& findings) {
  const auto is_allowed = [&](const Diagnostic* finding) {
    if (finding->code != allowance.code || finding->severity == Severity::Error) return false;
    return std::ranges::any_of(ranges, [&](const AllowedRange& range) {
      return finding->source == range.source && finding->span.begin >= range.begin &&
             finding->span.begin < range.end;
    });
  };
  if (std::erase_if(findings, is_allowed) != 0) allowance.serves = true;
}

void CheckServes(const Allowance& allowance, const Source& source, Diagnostics& diagnostics) {
  if (allowance.serves) return;
  diagnostics.Report(diag::AllowServesNot, source, allowance.span, allowance.code)
      .Help("take it away, so that the finding is seen when it comes back");
}

}  // namespace policy
