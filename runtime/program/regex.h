// How every regular expression of a policy is compiled: one place, so that the checker, constant
// folding and the engines agree.
#ifndef RUNTIME_PROGRAM_REGEX_H_
#define RUNTIME_PROGRAM_REGEX_H_

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace policy {

// Memory that one expression may take, program and automaton together. An expression that does not
// fit is refused when it is compiled.
inline constexpr std::int64_t kRegexBytesMax = 1 << 20;

// UTF-8, case-sensitive, dot matches newline, nothing is logged. Never null: see RE2::ok() and
// RE2::error(). The result is safe for concurrent use.
std::unique_ptr<re2::RE2> CompileRegex(std::string_view text);

}  // namespace policy

#endif  // RUNTIME_PROGRAM_REGEX_H_
