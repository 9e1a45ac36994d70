// The levels of log messages in MCP, from the most talkative to the most urgent.
#ifndef RUNTIME_MCP_LOG_LEVEL_H_
#define RUNTIME_MCP_LOG_LEVEL_H_

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace policy::mcp {

inline constexpr std::array<std::string_view, 8> kLogLevels = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

inline constexpr int kNoLogLevel = -1;

// Its place among kLogLevels; nullopt: there is no such level.
constexpr std::optional<int> LogLevelOf(std::string_view name) {
  const auto level = std::ranges::find(kLogLevels, name);
  if (level == kLogLevels.end()) return std::nullopt;
  return static_cast<int>(level - kLogLevels.begin());
}

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_LOG_LEVEL_H_
