// Small policies made at random around few paths and few constants, so that their conditions meet
// often, and values to hold what is claimed of them against.
#ifndef TESTS_UNIT_COMPILER_RANDOM_POLICY_H_
#define TESTS_UNIT_COMPILER_RANDOM_POLICY_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/ir.h"
#include "runtime/value/text_room.h"
#include "runtime/value/value.h"
#include "tests/differential/random.h"

namespace policy {

// Keeps every text until the end of the test.
class KeptTexts final : public TextRoom {
 public:
  char* Reserve(std::size_t bytes) override {
    return blocks_.emplace_back(std::make_unique<char[]>(bytes + 1)).get();
  }

 private:
  std::deque<std::unique_ptr<char[]>> blocks_;
};

// The values of `args.a`, `args.b` and `args.a.x`, which go together as in a call.
struct Call {
  Value a;
  Value b;
  Value x;
};

// Paths args.a, args.b and args.a.x, values made of them, and `formula_count` formulas over tests
// of these.
struct RandomPolicy {
  ir::Policy policy;
  std::vector<ir::FormulaId> roots;
};
RandomPolicy MakePolicy(differential::Random& random, std::size_t formula_count);

// Every value that tells one of the constants from another, and some of each other kind. Static
// storage.
const std::vector<Value>& Values();

// A call of such values.
Call MakeCall(differential::Random& random);

// What the formula says of the call, test by test as an engine would ask them.
Truth Evaluate(const ir::Policy& policy, ir::FormulaId formula_id, const Call& call);
Truth EvaluateTest(const ir::Policy& policy, const ir::Test& test, const Call& call);

}  // namespace policy

#endif  // TESTS_UNIT_COMPILER_RANDOM_POLICY_H_
