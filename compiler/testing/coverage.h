// Which outcomes of a policy's rules and conditions its tests have seen.
#ifndef COMPILER_TESTING_COVERAGE_H_
#define COMPILER_TESTING_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/decision.h"
#include "policy/program.h"
#include "runtime/program/frame.h"
#include "runtime/program/instruction.h"
#include "runtime/value/truth.h"

namespace policy {

// How often each truth came about, and which can. One that cannot be told to be impossible counts
// as possible.
struct Outcomes {
  std::array<std::uint64_t, 3> counts{};         // by Truth
  std::array<bool, 3> can_be{true, true, true};  // likewise

  std::size_t seen_count() const;
  std::size_t possible_count() const;
};

struct ConditionCoverage {
  std::string text;  // "args.amount gt 100"
  Outcomes outcomes;
};

// A rule that the author wrote. Its truth is that of its condition as written: that a `require`
// holds is true. `args`: that it closes the call out is true. A limit: that it has room is true,
// that it cannot be counted unknown. What has no condition has the one outcome true.
struct RuleCoverage {
  std::uint32_t rule = 0;  // as in Decision::rules
  Outcomes outcomes;
  std::vector<ConditionCoverage> conditions;  // in order
};

// Counts over the calls of any number of tests. The program is one compiled without passes, in
// which every rule has its conditions before it.
class Coverage {
 public:
  explicit Coverage(std::shared_ptr<const Program> program);

  // `frame` is as `decision` was made of it.
  void Add(Frame& frame, const Decision& decision);

  const Program& program() const { return *program_; }
  const std::vector<RuleCoverage>& rules() const { return rules_; }  // in the order of the policy

  // Over all rules and conditions.
  std::size_t seen_count() const;
  std::size_t possible_count() const;

 private:
  void AddRule(const Instruction& instruction, std::vector<const Instruction*>& tests);
  RuleCoverage* Find(std::uint32_t rule);
  void Count(std::uint32_t rule, Truth truth);

  std::shared_ptr<const Program> program_;
  std::vector<RuleCoverage> rules_;
  std::unordered_map<std::uint32_t, std::size_t> by_rule_;
};

}  // namespace policy

#endif  // COMPILER_TESTING_COVERAGE_H_
