// A counter's identity as bytes: equal exactly when the identities are.
#ifndef RUNTIME_LIMITS_IDENTITY_KEY_H_
#define RUNTIME_LIMITS_IDENTITY_KEY_H_

#include <optional>
#include <string>
#include <string_view>

#include "policy/counters.h"

namespace policy {

std::string IdentityKey(const CounterIdentity& identity);

// nullopt: `key` was not made by IdentityKey.
std::optional<CounterIdentity> ParseIdentityKey(std::string_view key);

}  // namespace policy

#endif  // RUNTIME_LIMITS_IDENTITY_KEY_H_
