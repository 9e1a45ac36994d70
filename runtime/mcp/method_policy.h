// Which methods a client may use beside tools/call.
#ifndef RUNTIME_MCP_METHOD_POLICY_H_
#define RUNTIME_MCP_METHOD_POLICY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace policy::mcp {

enum class MethodClass : std::uint8_t {
  ToolsCall,       // every one is decided
  Passed,          // discovers, negotiates or observes: nothing a policy speaks of happens
  FollowsDefault,  // reads or acts beside the tools: as the policy's default says
  Unknown,         // may do anything: not passed
};

// Matched byte by byte: methods are case-sensitive.
MethodClass ClassOf(std::string_view method);

// What one policy and one command line allow. Changes with the policy.
struct MethodPolicy {
  bool default_allows = false;      // the policy's default
  std::vector<std::string> passed;  // named by --pass: let through whatever their class

  enum class Verdict : std::uint8_t { Decide, Pass, Denied, Unknown };
  Verdict Judge(std::string_view method) const;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_METHOD_POLICY_H_
