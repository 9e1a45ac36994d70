#include "compiler/check/check.h"

#include "compiler/check/findings.h"

namespace policy {

void CheckPolicy(const ir::Policy& policy, const Source& source, Diagnostics& diagnostics) {
  const Checked checked{policy, source, diagnostics};
  CheckEntries(checked);
  CheckConditions(checked);
  CheckLimits(checked);
  CheckLimitPairs(checked);
}

}  // namespace policy
