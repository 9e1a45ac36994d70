// policyc.json: what the author of the policies in its folder lets be, where the policies
// themselves have no comments.
//
//   {"allow": [{"code": "P4003", "at": "/tools/x", "because": "…"}]}
#ifndef COMPILER_CHECK_ALLOW_FILE_H_
#define COMPILER_CHECK_ALLOW_FILE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/check/allowance.h"
#include "grammar/ast.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

inline constexpr std::string_view kAllowFileName = "policyc.json";
inline constexpr std::size_t kAllowancesMax = 10'000;

struct AllowEntry {
  Allowance allowance;
  // A rule's id, or what all ids of a part of a policy begin with: JSON Pointers of a policy.json.
  // Empty: the whole policy.
  std::string at;
};

// The entries of the file, those that are in order; the others are reported.
std::vector<AllowEntry> ReadAllowFile(const Source& source, Diagnostics& diagnostics);

// Where in a policy an entry lets findings be; nowhere where the policy has no such part.
std::vector<AllowedRange> RangesOf(const AllowEntry& entry, const ast::Policy& policy,
                                   const Source& source);

}  // namespace policy

#endif  // COMPILER_CHECK_ALLOW_FILE_H_
