// Alterations of a policy that change what it means: the proof that the harness can fail.
#ifndef TESTS_DIFFERENTIAL_MUTATION_H_
#define TESTS_DIFFERENTIAL_MUTATION_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

struct Mutation {
  std::string name;
  reference::Json policy;
};

// Of every kind that there is.
std::vector<std::string> MutationNames();

// The policy with one thing altered; nullopt where the thing drawn is not in it.
std::optional<Mutation> Mutate(const reference::Json& policy, Random& random);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_MUTATION_H_
