// The keys of an authorization server: a JWK Set (RFC 7517), as far as we can verify with it.
#ifndef RUNTIME_GATEWAY_ACCESS_KEY_SET_H_
#define RUNTIME_GATEWAY_ACCESS_KEY_SET_H_

#include <openssl/evp.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/access/signature_algorithm.h"

namespace policy::gateway {

struct PublicKeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

enum class KeyType : std::uint8_t { Rsa, P256, Ed25519 };

struct VerifyingKey {
  std::string id;  // `kid`; empty: it has none
  KeyType type = KeyType::Rsa;
  std::string algorithm;  // `alg`, the only one it is for; empty: any of its type
  std::unique_ptr<EVP_PKEY, PublicKeyDeleter> key;
};

inline constexpr std::size_t kKeySetBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kKeysMax = 100;
inline constexpr int kRsaBitsMin = 2'048;
inline constexpr int kRsaBitsMax = 8'192;

// Immutable; safe for concurrent use.
class KeySet {
 public:
  // Keys of kinds that are not used here are left out; one of ours that is malformed, or two of
  // one id, refuse the set: it is not what its maker meant. The error is a sentence.
  static std::expected<KeySet, std::string> Parse(std::string_view json);

  // The one key that a token of this header may be signed with; null: none, or more than one might
  // be meant.
  const VerifyingKey* Find(std::string_view id, SignatureAlgorithm algorithm) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<VerifyingKey> keys_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_KEY_SET_H_
