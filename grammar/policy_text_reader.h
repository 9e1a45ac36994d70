// Reads the text form, a .policy file and what it includes.
#ifndef GRAMMAR_POLICY_TEXT_READER_H_
#define GRAMMAR_POLICY_TEXT_READER_H_

#include <optional>

#include "grammar/ast.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// The policy as written: what `source` says and what it includes, in one tree, the spans of each
// included file with a number of its own. nullopt when an error was reported; every error that can
// be told from the text is, in one run.
//
// Included files come from `loader`, which owns their sources; null refuses every include. `source`
// outlives the diagnostics. Of an included file its lets, counters, hides and tool blocks count;
// its tests are its own affair and are left out. Thread-safe with a sink per call.
std::optional<ast::Policy> ReadPolicyText(const Source& source, SourceLoader* loader,
                                          Diagnostics& diagnostics);

// One file for itself, as a formatter sees it: what it includes is noted and not read, and it may
// be a file that other policies include. Otherwise as ReadPolicyText.
std::optional<ast::Policy> ReadPolicyTextFile(const Source& source, Diagnostics& diagnostics);

// Whether a finding says that the file has no `default`: what is right in a file that is made to be
// included.
inline bool IsDefaultMissing(const Diagnostic& diagnostic) {
  return diagnostic.code == diag::DefaultMissing.code;
}

}  // namespace policy

#endif  // GRAMMAR_POLICY_TEXT_READER_H_
