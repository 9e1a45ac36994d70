// What runs inside the Redis: the pool's side of leasing, one atomic script a step. docs/limits.md
// lists the keys, and what each answer means.
#ifndef RUNTIME_TRANSPORT_REDIS_SCRIPTS_H_
#define RUNTIME_TRANSPORT_REDIS_SCRIPTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace policy::transport {

enum class RedisScript : std::uint8_t { Enter, Hold, Beat, Ask, Return, Leave };
inline constexpr std::size_t kRedisScripts = 6;

// Lua of Redis 7, ready for SCRIPT LOAD; by RedisScript.
const std::array<std::string, kRedisScripts>& RedisScriptTexts();

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_REDIS_SCRIPTS_H_
