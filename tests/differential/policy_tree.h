// The tree (policy_text.h) of a policy that somebody wrote in the text form: what calls aim at.
#ifndef TESTS_DIFFERENTIAL_POLICY_TREE_H_
#define TESTS_DIFFERENTIAL_POLICY_TREE_H_

#include "tests/reference/json.h"
#include "tests/reference/policy.h"

namespace differential {

// Patterns, servers, conditions and amounts; it does not spell the policy.
reference::Json TreeOf(const reference::Policy& policy);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_POLICY_TREE_H_
