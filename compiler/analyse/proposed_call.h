// A call as `policyc eval` reads it, made from what the solver found for its values.
#ifndef COMPILER_ANALYSE_PROPOSED_CALL_H_
#define COMPILER_ANALYSE_PROPOSED_CALL_H_

#include <optional>
#include <span>
#include <string>

#include "compiler/analyse/scene.h"
#include "compiler/analyse/solver.h"
#include "compiler/ir/ir.h"

namespace policy {

// One line of JSON. nullopt: the values cannot stand in such a line, or nothing is known that makes
// a function of the language give one of them. The call may still not be what was wanted: ask the
// interpreter.
std::optional<std::string> ProposeCall(const ir::Policy& policy, const Scene& scene,
                                       std::span<const Assigned> values);

}  // namespace policy

#endif  // COMPILER_ANALYSE_PROPOSED_CALL_H_
