// A path and what stands there in a call.
#ifndef TESTS_REFERENCE_PLACE_H_
#define TESTS_REFERENCE_PLACE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/reference/json.h"
#include "tests/reference/value.h"

namespace reference {

struct Step {
  std::string name;
  std::optional<std::size_t> index;  // a list element; else a member
};

struct Path {
  std::string root;  // args, tool, grant, claims, client, now; text form: or a variable
  std::vector<Step> steps;
};

// As policy.json spells it. nullopt: no path.
std::optional<Path> ReadPath(std::string_view text);

// What stands at a path. Absent: no such key, and every present parent is a record. Broken: a
// present parent is something else.
struct Found {
  enum class Kind { Absent, Broken, Value };
  Kind kind = Kind::Absent;
  const Json* value = nullptr;
};

// From a present root along the steps.
Found Walk(const Json& root, const std::vector<Step>& steps);

// The same from a value, the element of a list that a quantifier looks at. A member whose name
// differs by letter case only could be meant: Unknown.
Value Walk(Value from, const std::vector<Step>& steps);

}  // namespace reference

#endif  // TESTS_REFERENCE_PLACE_H_
