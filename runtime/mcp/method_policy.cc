#include "runtime/mcp/method_policy.h"

#include <algorithm>
#include <array>

namespace policy::mcp {
namespace {

constexpr std::array<std::string_view, 5> kPassed = {
    "initialize", "ping", "logging/setLevel", "server/discover", "subscriptions/listen",
};
constexpr std::array<std::string_view, 5> kFollowsDefault = {
    "resources/read", "resources/subscribe", "resources/unsubscribe",
    "prompts/get",    "completion/complete",
};

bool IsIn(std::string_view method, const std::array<std::string_view, 5>& methods) {
  return std::ranges::find(methods, method) != methods.end();
}

}  // namespace

MethodClass ClassOf(std::string_view method) {
  if (method == "tools/call") return MethodClass::ToolsCall;
  // Before */list: tasks/list shows what other sessions of the server do.
  if (method.starts_with("tasks/")) return MethodClass::FollowsDefault;
  if (method.ends_with("/list") || method.starts_with("notifications/")) return MethodClass::Passed;
  if (IsIn(method, kPassed)) return MethodClass::Passed;
  if (IsIn(method, kFollowsDefault)) return MethodClass::FollowsDefault;
  return MethodClass::Unknown;
}

MethodPolicy::Verdict MethodPolicy::Judge(std::string_view method) const {
  const MethodClass method_class = ClassOf(method);
  if (method_class == MethodClass::ToolsCall) return Verdict::Decide;  // --pass cannot open it
  if (method_class == MethodClass::Passed) return Verdict::Pass;
  if (std::ranges::find(passed, method) != passed.end()) return Verdict::Pass;
  if (method_class == MethodClass::Unknown) return Verdict::Unknown;
  return default_allows ? Verdict::Pass : Verdict::Denied;
}

}  // namespace policy::mcp
