// Whether the counters of a policy can be kept as it says, where they are kept.
#ifndef RUNTIME_GATEWAY_COUNTER_CHECK_H_
#define RUNTIME_GATEWAY_COUNTER_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/vm/bound_policy.h"

namespace policy::gateway {

enum class CounterPlace : std::uint8_t {
  Shared,   // with the other processes of the user, beyond the end of this one
  Private,  // this process, until it ends
};

// A sentence that names the counter and says how to mend it; nullopt: every counter is kept. Such a
// policy is not to be put in force: it would deny what it limits, or limit less than it says.
std::optional<std::string> WhyNotKept(const BoundPolicy& policy, CounterPlace place);

// Whether losing what a counter of the program has counted would be more than a moment's matter: it
// lasts a day or longer, or counts an amount, and is not one of each session.
bool HasDurableCounters(const Program& program);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_COUNTER_CHECK_H_
