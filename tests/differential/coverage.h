// What a run has reached: a generator that no longer reaches something makes every agreement
// worthless, so the run fails then.
#ifndef TESTS_DIFFERENTIAL_COVERAGE_H_
#define TESTS_DIFFERENTIAL_COVERAGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/differential/call_generator.h"
#include "tests/reference/evaluator.h"

namespace differential {

struct Coverage {
  reference::Reached operators;
  std::map<std::string, std::uint64_t> features;

  void NotePolicy(const reference::Json& policy);
  void NoteDecision(const Step& step, const reference::Decision& decision);

  // Names of what has not been reached at all.
  std::vector<std::string> Missing() const;
  std::string Table() const;
};

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_COVERAGE_H_
