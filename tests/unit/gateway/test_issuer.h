// An authorization server of the test: keys made on the spot, tokens signed with them.
#ifndef TESTS_UNIT_GATEWAY_TEST_ISSUER_H_
#define TESTS_UNIT_GATEWAY_TEST_ISSUER_H_

#include <string>
#include <string_view>

#include "runtime/gateway/access/key_set.h"

namespace policy::gateway {

class TestIssuer {
 public:
  // A new key of the algorithm.
  explicit TestIssuer(SignatureAlgorithm algorithm, int rsa_bits = 2'048);

  // The public half as a JWK; `more` is put into it: ",\"use\":\"sig\"".
  std::string Jwk(std::string_view id, std::string_view more = "") const;
  // {"keys":[…]} of this one.
  std::string JwkSet(std::string_view id, std::string_view more = "") const;

  // `header` and `payload` as they are, signed by the key's algorithm.
  std::string Sign(std::string_view header, std::string_view payload) const;
  // {"alg":…,"kid":"k1"} and `payload`.
  std::string Token(std::string_view payload) const;
  std::string SignatureOf(std::string_view text) const;  // raw bytes, as JWS has them

 private:
  SignatureAlgorithm algorithm_;
  std::unique_ptr<EVP_PKEY, PublicKeyDeleter> key_;
};

// What JWT parts are written in.
std::string Encoded(std::string_view bytes);

}  // namespace policy::gateway

#endif  // TESTS_UNIT_GATEWAY_TEST_ISSUER_H_
