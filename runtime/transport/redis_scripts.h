// What runs inside the Redis: the pool's side of leasing, one atomic script a step. docs/limits.md
// lists the keys, and what each answer means.
#ifndef RUNTIME_TRANSPORT_REDIS_SCRIPTS_H_
#define RUNTIME_TRANSPORT_REDIS_SCRIPTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace policy::transport {

enum class RedisScript : std::uint8_t {
  Enter,
  Hold,
  Beat,
  Ask,
  Return,
  Leave,
  Release,
  // Of a flow instead:
  HoldFlow,
  AskFlow,
  ReturnFlow,
};
inline constexpr std::size_t kRedisScripts = 10;

// By RedisScript from HoldFlow on: redis_flow_scripts.cc.
const std::array<const char*, 3>& RedisFlowTexts();

// Lua of Redis 7, ready for SCRIPT LOAD; by RedisScript.
const std::array<std::string, kRedisScripts>& RedisScriptTexts();

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_REDIS_SCRIPTS_H_
