// Policies of every shape, for fuzzers that need a program to begin with.
#ifndef TESTS_FUZZ_POLICIES_H_
#define TESTS_FUZZ_POLICIES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/program.h"

namespace fuzz {

// REQUIRES: every one compiles.
const std::vector<std::string>& Policies();

// Empty where `text` does not compile.
std::vector<std::byte> CompileText(std::string_view text, bool optimise);

// REQUIRES: `bytes` came from CompileText and are not empty: the compiler's own work is never
// refused.
std::shared_ptr<const policy::Program> LoadCompiled(const std::vector<std::byte>& bytes);

// Adds an option to the fuzzer's command line; for LLVMFuzzerInitialize.
void AddOption(int* argument_count, char*** arguments, const char* option);

}  // namespace fuzz

#endif  // TESTS_FUZZ_POLICIES_H_
