// How large the tools of servers may be. What is larger is refused by name, never cut short.
#ifndef COMPILER_CATALOG_LIMITS_H_
#define COMPILER_CATALOG_LIMITS_H_

#include <cstddef>

#include "runtime/program/format.h"

namespace policy::catalog {

inline constexpr std::size_t kLockServersMax = 1'000;
inline constexpr std::size_t kLockToolsMax = format::kPinsMax;  // of all servers together
inline constexpr std::size_t kLockDepthMax = 64;                // nested lists and records
inline constexpr std::size_t kSchemaDepthMax = 64;      // schemas within schemas, references too
inline constexpr std::size_t kSchemaVisitsMax = 4'096;  // schemas looked at for one question

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_LIMITS_H_
