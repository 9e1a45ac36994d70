// `// allow(P4003) because …` in the text form.
//
// On a line of its own it belongs to the statement that begins next, else to the innermost that
// began before it; a finding that begins in that statement is let be.
#ifndef COMPILER_CHECK_ALLOW_COMMENT_H_
#define COMPILER_CHECK_ALLOW_COMMENT_H_

#include <vector>

#include "compiler/check/allowance.h"
#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

struct AllowComment {
  Allowance allowance;
  std::vector<AllowedRange> ranges;  // one, or none where no statement follows
};

// Those of the policy and of what it includes. `diagnostics` is the sink that the included sources
// were added to; comments that are not written so are reported there.
std::vector<AllowComment> ReadAllowComments(const ast::Policy& policy, const Source& source,
                                            Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_CHECK_ALLOW_COMMENT_H_
