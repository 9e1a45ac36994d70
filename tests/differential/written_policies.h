// Policies that people wrote: the examples and the golden cases, with the calls beside them.
#ifndef TESTS_DIFFERENTIAL_WRITTEN_POLICIES_H_
#define TESTS_DIFFERENTIAL_WRITTEN_POLICIES_H_

#include <string>
#include <vector>

#include "tests/reference/evaluator.h"
#include "tests/reference/json.h"

namespace differential {

struct WrittenPolicy {
  std::string name;        // the file
  reference::Json policy;  // policy.json; of the text form the text, as a String
  std::vector<reference::Call> calls;
};

// Every .policy file below the folders and every JSON record with `version` and `default` in a
// .json file, or both in a section of a .case file. Some do not compile: they are cases of just
// that.
std::vector<WrittenPolicy> FindPolicies(const std::vector<std::string>& folders);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_WRITTEN_POLICIES_H_
