// The half of the compiler that knows what a policy was written in.
#ifndef COMPILER_FRONT_END_H_
#define COMPILER_FRONT_END_H_

#include <optional>

#include "compiler/ir/ir.h"
#include "grammar/ast.h"
#include "policy/compiler.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Reads, checks and resolves the policy: all that can be said about it is in `diagnostics`.
// nullopt when an error was reported. `source` has to outlive the diagnostics.
std::optional<ir::Policy> RunFrontEnd(const Source& source, const CompileOptions& options,
                                      Diagnostics& diagnostics);

// Likewise, but also a policy with errors that do not keep it from being understood: an argument
// that no schema has, say. Nothing may be compiled from it, and more may be found in it.
std::optional<ir::Policy> ResolvePolicy(const Source& source, const CompileOptions& options,
                                        Diagnostics& diagnostics);

// Whether the source is a policy.json; else it is of the text form.
bool IsPolicyJson(const Source& source);

// The policy as written, of either form: a policy.json begins with `{`, or is named *.json. nullopt
// when there is no tree worth going on with; errors are in `diagnostics`.
std::optional<ast::Policy> ReadSyntax(const Source& source, const CompileOptions& options,
                                      Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_FRONT_END_H_
