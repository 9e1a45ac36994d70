// The suites that a command line of `policyc test` names.
#ifndef COMPILER_DRIVER_TEST_FILES_H_
#define COMPILER_DRIVER_TEST_FILES_H_

#include <expected>
#include <string>
#include <vector>

#include "compiler/driver/driver_env.h"

namespace policy {

// What is to be run, each file once, in order.
struct TestPaths {
  std::vector<std::string> policies;    // whose own test blocks run
  std::vector<std::string> test_files;  // *.test.json
  // *.test.json that lie beside a policy named on the command line: they run when that is the
  // policy that they name.
  std::vector<std::string> beside;
};

// A directory stands for every policy and every *.test.json below it. The error is a sentence that
// names the path.
std::expected<TestPaths, std::string> FindTests(const std::vector<std::string>& paths,
                                                const Files& files);

// `path` as the file `from` names it: relative to the folder of `from`, `.` and `..` taken out.
std::string PathBeside(const std::string& from, const std::string& path);

}  // namespace policy

#endif  // COMPILER_DRIVER_TEST_FILES_H_
