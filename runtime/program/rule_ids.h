// The ids of rules that no policy writes.
#ifndef RUNTIME_PROGRAM_RULE_IDS_H_
#define RUNTIME_PROGRAM_RULE_IDS_H_

#include <string_view>

namespace policy {

inline constexpr std::string_view kDefaultRuleId = "/default";
inline constexpr std::string_view kLockRuleId = "/lock";

}  // namespace policy

#endif  // RUNTIME_PROGRAM_RULE_IDS_H_
