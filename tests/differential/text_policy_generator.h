// Policies at random that reach every part of the text form.
#ifndef TESTS_DIFFERENTIAL_TEXT_POLICY_GENERATOR_H_
#define TESTS_DIFFERENTIAL_TEXT_POLICY_GENERATOR_H_

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

// A tree (policy_text.h). Every rule's text is its own ("<17> why").
reference::Json GenerateTextPolicy(Random& random);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_TEXT_POLICY_GENERATOR_H_
