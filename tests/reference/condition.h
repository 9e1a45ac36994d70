// One condition of a policy against one value, by the operator table.
#ifndef TESTS_REFERENCE_CONDITION_H_
#define TESTS_REFERENCE_CONDITION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tests/reference/policy.h"

namespace reference {

enum class Truth { False, Unknown, True };

Truth Not(Truth a);
Truth And(Truth a, Truth b);
Truth Or(Truth a, Truth b);

// What stands at a path. Absent: no such key, and every present parent is a record. Broken: a
// present parent is something else.
struct Found {
  enum class Kind { Absent, Broken, Value, Time };
  Kind kind = Kind::Absent;
  const Json* value = nullptr;
  std::int64_t time_ns = 0;
};

// From a present root along the steps.
Found Walk(const Json& root, const std::vector<Step>& steps);

// `absent` supplies a value for what is absent, and for nothing else.
Truth Test(const Condition& condition, const Found& found);

}  // namespace reference

#endif  // TESTS_REFERENCE_CONDITION_H_
