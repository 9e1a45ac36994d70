// The tests of a policy, wherever they were written: `test` blocks of a .policy file, or a
// *.test.json beside it.
#ifndef COMPILER_TESTING_SUITE_H_
#define COMPILER_TESTING_SUITE_H_

#include <optional>
#include <vector>

#include "grammar/ast.h"
#include "policy/source.h"

namespace policy {

struct Suite {
  const Source* source = nullptr;   // of the tests; not owned, outlives the suite
  std::optional<ast::Word> policy;  // *.test.json: the policy's path, relative to the file's folder
  std::optional<ast::Word> tools;   // *.test.json: the lock's, likewise
  std::vector<ast::Test> tests;     // in order
};

}  // namespace policy

#endif  // COMPILER_TESTING_SUITE_H_
