// A program of every kind of derived value, with guards and pins, for the fuzzer of programs.
#ifndef TESTS_FUZZ_DERIVED_PROGRAM_H_
#define TESTS_FUZZ_DERIVED_PROGRAM_H_

#include <cstddef>
#include <vector>

namespace fuzz {

// Over arguments to, list, n, text, deep of the tool `send`. Written by the encoder; Verify accepts
// it.
std::vector<std::byte> DerivedProgram();

}  // namespace fuzz

#endif  // TESTS_FUZZ_DERIVED_PROGRAM_H_
