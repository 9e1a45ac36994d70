// What one message may be, at most. Every limit refuses with a text that gives it.
#ifndef RUNTIME_MCP_LIMITS_H_
#define RUNTIME_MCP_LIMITS_H_

#include <cstddef>

namespace policy::mcp {

inline constexpr std::size_t kMessageBytesMax = std::size_t{8} << 20;
inline constexpr std::size_t kDepthMax = 128;       // lists and records within each other
inline constexpr std::size_t kMembersMax = 65'536;  // members of one record
inline constexpr std::size_t kNumberBytesMax = 4'096;
inline constexpr std::size_t kToolNameBytesMax = 1'024;
inline constexpr std::size_t kIdBytesMax = 1'024;

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_LIMITS_H_
