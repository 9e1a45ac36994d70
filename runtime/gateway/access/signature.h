// Whether a text was signed with the private half of a key.
#ifndef RUNTIME_GATEWAY_ACCESS_SIGNATURE_H_
#define RUNTIME_GATEWAY_ACCESS_SIGNATURE_H_

#include <string_view>

#include "runtime/gateway/access/key_set.h"

namespace policy::gateway {

// `signature` as JWS has it (RFC 7515, RFC 8037): of ES256 the two numbers, 32 bytes each. A key of
// another type than the algorithm's verifies nothing. Thread-safe.
bool IsSignedBy(const VerifyingKey& key, SignatureAlgorithm algorithm, std::string_view text,
                std::string_view signature);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_SIGNATURE_H_
