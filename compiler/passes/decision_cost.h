// The most that one decision can cost, known before any call.
//
// A cost is a sum of weights; 1 is about the time of a test of one number. A call has so many bytes
// and no more, so a walk over text or a list is weighed as one of usual length:
//
//   test of a number, bool, time, presence            1   + - * ?? == != < <= > >= of values    2
//   test of a text, look-up in a set of the policy    2   length, lower                        50
//   `under`, `host_in`                              100   domain, host, scheme, port, time    100
//   `matches`, `like`, `contains`, `in` of values 1,000   member or element of a value        100
//   any, all, count: kListElementsMax times (10            split, join, words, sql_verbs       500
//     and what its body costs)
//
// A value is made once for a call, and one that depends on a quantifier's variable once for each
// element, so quantifiers within quantifiers multiply. Charging a limit costs nothing here.
#ifndef COMPILER_PASSES_DECISION_COST_H_
#define COMPILER_PASSES_DECISION_COST_H_

#include <cstdint>
#include <string>

#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Some tenths of a second in the worst case: far over what policies cost, and under what a client
// waits for.
inline constexpr std::uint64_t kDecisionCostMax = 100'000'000;

struct DecisionCost {
  std::uint64_t cost = 0;
  std::string tool;   // whose calls cost most: a name, or a pattern for tools that no block names
  Span dearest = {};  // of the dearest condition among its rules
};

// The tool whose decision can cost most. An upper bound: every rule is looked at to its end.
DecisionCost WorstDecision(const ir::Policy& policy, const ir::Plan& plan);

// False: it may cost more than kDecisionCostMax, which is reported.
bool CheckDecisionCost(const DecisionCost& worst, const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_PASSES_DECISION_COST_H_
