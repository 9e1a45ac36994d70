// Policies at random that reach every part of policy.json.
#ifndef TESTS_DIFFERENTIAL_POLICY_GENERATOR_H_
#define TESTS_DIFFERENTIAL_POLICY_GENERATOR_H_

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

// Most of them compile; a few use what the checker refuses. Every rule's text is its own
// ("<17>"), so that a message tells who speaks.
reference::Json GeneratePolicy(Random& random);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_POLICY_GENERATOR_H_
