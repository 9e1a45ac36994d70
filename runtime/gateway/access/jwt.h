// Signed tokens of an authorization server (RFC 7519, RFC 9068), read strictly and verified.
#ifndef RUNTIME_GATEWAY_ACCESS_JWT_H_
#define RUNTIME_GATEWAY_ACCESS_JWT_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/access/key_set.h"
#include "runtime/gateway/config/json_document.h"

namespace policy::gateway {

// What clocks may differ by.
inline constexpr std::int64_t kClockLeewaySeconds = 60;

struct JwtRules {
  std::string_view issuer;    // `iss`, byte for byte
  std::string_view audience;  // `aud`, or one of its list
  // Names of algorithms; empty: all of SignatureAlgorithm.
  const std::vector<std::string>* algorithms = nullptr;
};

// Of a token whose signature and times are right.
struct VerifiedJwt {
  JsonNode claims;
  std::string claims_json;     // the payload as it was signed
  std::int64_t expires_s = 0;  // `exp`, without the leeway
  bool has_scope(std::string_view scope) const;
  // A claim that is a string; empty: there is none.
  std::string_view TextClaim(std::string_view name) const;
  // Whether a claim is this string, or a list that holds it.
  bool ClaimHolds(std::string_view name, std::string_view value) const;
};

struct JwtTrouble {
  std::string text;              // a sentence without anything of the token's
  bool has_unknown_key = false;  // newer keys may know it
};

// Nothing of the token chooses how it is verified: the algorithm is one of ours and of the key's
// type, keys come from `keys` alone, and a header that wants more understood is refused.
std::expected<VerifiedJwt, JwtTrouble> VerifyJwt(std::string_view token, const JwtRules& rules,
                                                 const KeySet& keys, std::int64_t now_s);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_JWT_H_
