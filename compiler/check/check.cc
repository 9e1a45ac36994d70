#include "compiler/check/check.h"

#include "compiler/check/findings.h"

namespace policy {

void CheckPolicy(const ir::Policy& policy, bool lock_is_unreadable, const Source& source,
                 Diagnostics& diagnostics) {
  const Checked checked{policy, source, diagnostics, lock_is_unreadable};
  CheckEntries(checked);
  CheckConditions(checked);
  CheckLimits(checked);
  CheckLimitPairs(checked);
}

}  // namespace policy
