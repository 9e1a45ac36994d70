// *.test.json: calls and what is expected of them.
#ifndef COMPILER_TESTING_TEST_FILE_H_
#define COMPILER_TESTING_TEST_FILE_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "compiler/testing/suite.h"
#include "policy/diagnostic.h"

namespace policy {

inline constexpr std::size_t kTestsMax = 10'000;      // of one file
inline constexpr std::size_t kTestCallsMax = 10'000;  // of one test

// Whether a file of this name holds tests.
bool IsTestFileName(std::string_view path);

// The suite, or nullopt with errors in `diagnostics`: keys, types and words are held to
// test.schema.json, times and names to CheckTests. `source` outlives the suite.
std::optional<Suite> ReadTestFile(const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_TESTING_TEST_FILE_H_
