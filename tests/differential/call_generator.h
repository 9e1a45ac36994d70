// Calls at random that are aimed at what a policy looks at.
#ifndef TESTS_DIFFERENTIAL_CALL_GENERATOR_H_
#define TESTS_DIFFERENTIAL_CALL_GENERATOR_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/differential/random.h"
#include "tests/reference/evaluator.h"
#include "tests/reference/json.h"

namespace differential {

// One step of a case: a call, and how it ended if it was allowed.
struct Step {
  reference::Call call;
  reference::Settlement settlement = reference::Settlement::Commit;
};

class CallGenerator {
 public:
  // Both are used, not kept, until the last Next.
  CallGenerator(const reference::Json& policy, Random& random);

  // Time goes on from call to call. It never steps back: which window an earlier clock is charged
  // to depends on what the counters still remember.
  Step Next();

 private:
  struct Target {
    std::string path;
    std::vector<std::pair<std::string, reference::Json>> tests;  // operator, operand
  };

  void Collect(const reference::Json& json);
  Target& TargetAt(const std::string& path);
  std::string Tool();
  reference::Json Roots();
  reference::Json Arguments(const reference::Json& roots);
  reference::Context Context(const reference::Json& roots);
  reference::Json ValueFor(const Target& target);

  const reference::Json& policy_;
  Random& random_;
  std::vector<Target> targets_;
  std::vector<std::string> patterns_;
  std::vector<std::string> servers_;
  std::int64_t now_ns_ = 0;
};

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_CALL_GENERATOR_H_
