// Every diagnostic there is, as data.
#ifndef GRAMMAR_DIAGNOSTIC_TABLE_H_
#define GRAMMAR_DIAGNOSTIC_TABLE_H_

#include <span>
#include <string_view>

#include "policy/diagnostic.h"

namespace policy {

struct DiagnosticRow {
  std::string_view code;  // "P1007"
  Severity severity = Severity::Error;
  std::string_view name;    // "UnknownKey"
  std::string_view format;  // "`{}` is not a key of {}"
};

// As in diagnostics.def, in its order.
std::span<const DiagnosticRow> DiagnosticTable();

// The row of `code`, or null.
const DiagnosticRow* FindDiagnostic(std::string_view code);

}  // namespace policy

#endif  // GRAMMAR_DIAGNOSTIC_TABLE_H_
