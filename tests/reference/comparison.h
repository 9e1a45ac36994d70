// `left op right`, by the operator table.
#ifndef TESTS_REFERENCE_COMPARISON_H_
#define TESTS_REFERENCE_COMPARISON_H_

#include <string>

#include "tests/reference/value.h"

namespace reference {

inline constexpr std::size_t kElementsMax = 1024;       // longer lists are unknown
inline constexpr std::size_t kSubjectBytesMax = 65536;  // longer texts are unknown to patterns

// `op` as policy.json spells it; "like". A set on the right is a List.
Truth Compare(const std::string& op, const Value& left, const Value& right);

}  // namespace reference

#endif  // TESTS_REFERENCE_COMPARISON_H_
