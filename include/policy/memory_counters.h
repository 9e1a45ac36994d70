// Counters in the memory of this process, for embedders: nothing to wait for, nothing that outlives
// them.
#ifndef POLICY_MEMORY_COUNTERS_H_
#define POLICY_MEMORY_COUNTERS_H_

#include <memory>

#include "policy/counters.h"

namespace policy {

// Never null. Safe for concurrent use by any number of evaluators, which must not outlive it.
std::unique_ptr<Counters> MakeMemoryCounters();

}  // namespace policy

#endif  // POLICY_MEMORY_COUNTERS_H_
