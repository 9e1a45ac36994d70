// Alterations of a policy that change what it means: the proof that the harness can fail.
#ifndef TESTS_DIFFERENTIAL_MUTATION_H_
#define TESTS_DIFFERENTIAL_MUTATION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

// Kinds of alterations are numbered from 0.
std::size_t MutationCount();
const std::string& MutationName(std::size_t number);

// The policy with one thing altered; nullopt where there is nothing of that kind in it.
std::optional<reference::Json> Mutate(const reference::Json& policy, std::size_t number,
                                      Random& random);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_MUTATION_H_
