// Which counters an edited policy begins anew: those whose identity is another one than before.
//
// For an amount or a lifetime that is more than a new window would give, so such an edit is refused
// unless an operator names the counter (`policyd run --reset NAME`).
#ifndef RUNTIME_GATEWAY_COUNTER_CHANGES_H_
#define RUNTIME_GATEWAY_COUNTER_CHANGES_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/counters.h"
#include "policy/program.h"

namespace policy::gateway {

struct DeclaredCounter {
  CounterIdentity identity;  // without an attachment
  bool is_strict = false;    // counts an amount, or for a lifetime
};

// The counters that limits of the program charge.
std::vector<DeclaredCounter> DeclaredCounters(const Program& program);

struct CounterChanges {
  std::vector<std::string> lines;      // one for each counter that begins anew, and why
  std::optional<std::string> refusal;  // why the edit is not to be put in force
};

// `may_reset`: names of strict counters that may begin anew.
CounterChanges CompareCounters(std::span<const DeclaredCounter> before,
                               std::span<const DeclaredCounter> after,
                               std::span<const std::string> may_reset);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_COUNTER_CHANGES_H_
