// Proof that bytes are a decision program that no engine can be hurt by.
#ifndef RUNTIME_PROGRAM_VERIFY_H_
#define RUNTIME_PROGRAM_VERIFY_H_

#include <cstddef>
#include <expected>
#include <span>

#include "policy/program.h"

namespace policy {

// Looks at every record of `file` and says the first thing that is wrong. After success each id,
// text and table of the file may be used without a check: ids are in range, texts are UTF-8,
// hash probes end and find, jumps go forward, code ends, kinds agree. Regular expressions are
// compiled, and may be refused, after this (operands.h).
//
// Any bytes are safe to give; the work is bounded by kVerifyWorkMax. REQUIRES: `file` is 8-aligned
// and does not change meanwhile or afterwards.
std::expected<void, ProgramError> Verify(std::span<const std::byte> file);

// Units of work (about a byte read each) after which a file that shares its records excessively is
// refused.
inline constexpr std::uint64_t kVerifyWorkMax = std::uint64_t{1} << 30;

}  // namespace policy

#endif  // RUNTIME_PROGRAM_VERIFY_H_
