// What a policy means beside what its author may have meant: rules that never or always fire, that
// others make idle, tools that can never be allowed, conditions that let through more than they
// say.
//
// Every "never", "always" and "whenever" is proven (solver.h). A finding that a call can show
// carries one, and only after the interpreter decided that call as the finding says.
#ifndef COMPILER_ANALYSE_ANALYSE_H_
#define COMPILER_ANALYSE_ANALYSE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/ir.h"
#include "policy/decision.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// What the interpreter made of a proposed call.
struct Confirmed {
  Outcome outcome = Outcome::Deny;
  std::string outcome_name;           // "allow"
  std::vector<std::string> rule_ids;  // that took part
};

// Decides a call, given as a line that `policyc eval` reads, under the policy at hand, without
// anything used up before. nullopt: it could not be decided.
using Confirm = std::function<std::optional<Confirmed>(const std::string& call)>;

// Reports the findings about a policy that resolved without errors; none of them is one. Without
// `confirm` no finding carries a call, and those that stand on one alone are left out. The time is
// bounded by the size of the policy: see kSolverLiteralsMax.
void Analyse(const ir::Policy& policy, const Source& source, const Confirm& confirm,
             Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_ANALYSE_ANALYSE_H_
