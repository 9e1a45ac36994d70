// How large a policy may be. Every limit has a diagnostic of its own kind (P1004, P1005, P1011,
// P1012) that names it.
#ifndef GRAMMAR_LIMITS_H_
#define GRAMMAR_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace policy {

inline constexpr std::size_t kPolicyBytesMax = 32u << 20;
inline constexpr std::size_t kPolicyDepthMax = 32;  // nested lists and records
inline constexpr std::size_t kPolicyStringBytesMax = 16u << 10;
inline constexpr std::size_t kPolicyToolsMax = 50'000;  // entries below `tools`
inline constexpr std::size_t kPolicyHidesMax = 10'000;  // patterns below `hide`
inline constexpr std::size_t kEntryRulesMax =
    1'000;  // each of require, deny_if, approve_if, limits
inline constexpr std::size_t kPolicyRulesMax = 150'000;  // all entries together
inline constexpr std::size_t kRuleConditionsMax = 100;
inline constexpr std::size_t kSetMembersMax = 10'000;
inline constexpr std::size_t kArgumentNamesMax = 1'000;
inline constexpr std::size_t kScopesMax = 4;            // scope kinds of one counter
inline constexpr std::size_t kExpressionDepthMax = 64;  // nested expressions of the text form
inline constexpr std::size_t kIncludesMax = 100;        // files that a policy includes
inline constexpr std::size_t kPathStepsMax = 30;
inline constexpr std::uint32_t kPathIndexMax = 65'535;
inline constexpr std::uint32_t kWindowSecondsMax = 366u * 24 * 3600;
inline constexpr std::uint32_t kApprovalSecondsMax = 30u * 24 * 3600;

}  // namespace policy

#endif  // GRAMMAR_LIMITS_H_
