#include "grammar/diagnostic_table.h"

#include <algorithm>

namespace policy {

namespace {

constexpr DiagnosticRow kRows[] = {
#define DIAGNOSTIC(code, severity, name, format, ...) {#code, Severity::severity, #name, format},
#include "policy/diagnostics.def"
};

}  // namespace

std::span<const DiagnosticRow> DiagnosticTable() { return kRows; }

const DiagnosticRow* FindDiagnostic(std::string_view code) {
  const auto* found = std::ranges::find(kRows, code, &DiagnosticRow::code);
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace policy
