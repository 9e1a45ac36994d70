// Tokens of our own: "pk_", 8 characters to look them up by, 256 random bits, and a checksum, so
// that a token with a slip, or text that only looks like one, is known without a look-up.
#ifndef RUNTIME_GATEWAY_ACCESS_TOKEN_H_
#define RUNTIME_GATEWAY_ACCESS_TOKEN_H_

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/gateway/access/grant.h"

namespace policy::gateway {

inline constexpr std::string_view kTokenMark = "pk_";
inline constexpr std::size_t kTokenPrefixBytes = kTokenMark.size() + 8;
inline constexpr std::size_t kTokenBytes = kTokenPrefixBytes + 43 + 6;

Sha256 HashOf(std::string_view text);
std::string ToHex(const Sha256& hash);
std::optional<Sha256> FromHex(std::string_view text);

// Base64url without padding (RFC 4648). nullopt: other characters, padding, an impossible length,
// or bits left over that are not zero, so that of equal bytes there is one text.
std::string ToBase64Url(std::span<const std::uint8_t> bytes);
std::optional<std::string> FromBase64Url(std::string_view text);

// A new one. The error is a sentence: there is no randomness to be had.
std::expected<std::string, std::string> MakeToken();
// Whether it has the shape and the checksum of one.
bool IsToken(std::string_view text);
// REQUIRES: IsToken(token).
TokenHash HashToken(std::string_view token);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_TOKEN_H_
