#include "compiler/open_findings.h"

#include "compiler/check/allow_comment.h"
#include "compiler/check/allow_file.h"
#include "compiler/front_end.h"

namespace policy {

std::vector<const Diagnostic*> OpenFindings(const Source& source, const Source* allow_file,
                                            const CompileOptions& options,
                                            const Diagnostics& diagnostics) {
  std::vector<const Diagnostic*> findings;
  for (const Diagnostic& finding : diagnostics.all()) findings.push_back(&finding);
  Diagnostics repeated;  // numbers the included sources as the first reading did
  const auto syntax = ReadSyntax(source, options, repeated);
  if (!syntax) return findings;
  if (syntax->form == ast::Form::Text) {
    for (AllowComment& comment : ReadAllowComments(*syntax, source, repeated)) {
      Allow(comment.allowance, comment.ranges, findings);
    }
  }
  if (allow_file != nullptr) {
    for (AllowEntry& entry : ReadAllowFile(*allow_file, repeated)) {
      Allow(entry.allowance, RangesOf(entry, *syntax, source), findings);
    }
  }
  return findings;
}

}  // namespace policy
