#include "tests/unit/gateway/test_issuer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <catch2/catch.hpp>
#include <span>
#include <vector>

#include "runtime/gateway/access/token.h"

namespace policy::gateway {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string NumberOf(EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* number = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const int size = bytes == 0 ? BN_num_bytes(number) : bytes;
  std::string text(static_cast<std::size_t>(size), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), size);
  BN_free(number);
  return text;
}

std::string Quote(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

std::string Encoded(std::string_view bytes) {
  return ToBase64Url(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

TestIssuer::TestIssuer(SignatureAlgorithm algorithm, int rsa_bits) : algorithm_(algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::Rs256:
    case SignatureAlgorithm::Ps256:
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits)));
      break;
    case SignatureAlgorithm::Es256:
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
      break;
    case SignatureAlgorithm::EdDsa:
      key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      break;
  }
  REQUIRE(key_ != nullptr);
}

std::string TestIssuer::Jwk(std::string_view id, std::string_view more) const {
  std::string jwk = "{\"kid\":" + Quote(id);
  if (algorithm_ == SignatureAlgorithm::Es256) {
    jwk += R"(,"kty":"EC","crv":"P-256","x":)" +
           Quote(Encoded(NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32))) +
           ",\"y\":" + Quote(Encoded(NumberOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32)));
  } else if (algorithm_ == SignatureAlgorithm::EdDsa) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    jwk += R"(,"kty":"OKP","crv":"Ed25519","x":)" + Quote(Encoded(raw));
  } else {
    jwk += R"(,"kty":"RSA","n":)" + Quote(Encoded(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0))) +
           ",\"e\":" + Quote(Encoded(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0)));
  }
  return jwk + std::string(more) + "}";
}

std::string TestIssuer::JwkSet(std::string_view id, std::string_view more) const {
  return "{\"keys\":[" + Jwk(id, more) + "]}";
}

std::string TestIssuer::SignatureOf(std::string_view text) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* const digest = algorithm_ == SignatureAlgorithm::EdDsa ? nullptr : EVP_sha256();
  REQUIRE(EVP_DigestSignInit(context, &parameters, digest, nullptr, key_.get()) == 1);
  if (algorithm_ == SignatureAlgorithm::Ps256) {
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
  }
  std::size_t size = 0;
  REQUIRE(EVP_DigestSign(context, nullptr, &size, Bytes(text), text.size()) == 1);
  std::string signature(size, '\0');
  REQUIRE(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                         Bytes(text), text.size()) == 1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  if (algorithm_ != SignatureAlgorithm::Es256) return signature;
  const unsigned char* der = Bytes(signature);
  ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
  std::string raw(64, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(both), out, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(both), out + 32, 32);
  ECDSA_SIG_free(both);
  return raw;
}

std::string TestIssuer::Sign(std::string_view header, std::string_view payload) const {
  const std::string text = Encoded(header) + "." + Encoded(payload);
  return text + "." + Encoded(SignatureOf(text));
}

std::string TestIssuer::Token(std::string_view payload) const {
  const auto name = kSignatureAlgorithmNames[static_cast<std::size_t>(algorithm_)];
  return Sign("{\"alg\":" + Quote(name) + ",\"kid\":\"k1\"}", payload);
}

}  // namespace policy::gateway
