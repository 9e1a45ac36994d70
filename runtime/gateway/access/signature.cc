#include "runtime/gateway/access/signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <optional>
#include <string>

namespace policy::gateway {
namespace {

struct Deleter {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

constexpr std::size_t kNumberBytes = 32;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

KeyType TypeFor(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::Es256:
      return KeyType::P256;
    case SignatureAlgorithm::EdDsa:
      return KeyType::Ed25519;
    case SignatureAlgorithm::Rs256:
    case SignatureAlgorithm::Ps256:
      break;
  }
  return KeyType::Rsa;
}

// The two numbers as OpenSSL wants them: DER.
std::optional<std::string> DerOf(std::string_view signature) {
  if (signature.size() != 2 * kNumberBytes) return std::nullopt;
  Owned<BIGNUM> r(BN_bin2bn(Bytes(signature), kNumberBytes, nullptr));
  Owned<BIGNUM> s(BN_bin2bn(Bytes(signature.substr(kNumberBytes)), kNumberBytes, nullptr));
  const Owned<ECDSA_SIG> both(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || both == nullptr ||
      ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) {
    return std::nullopt;
  }
  static_cast<void>(r.release());  // they are its own now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

bool IsSignedBy(const VerifyingKey& key, SignatureAlgorithm algorithm, std::string_view text,
                std::string_view signature) {
  if (key.type != TypeFor(algorithm)) return false;
  std::optional<std::string> der;
  if (algorithm == SignatureAlgorithm::Es256) {
    der = DerOf(signature);
    if (!der) return false;
    signature = *der;
  }
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = algorithm == SignatureAlgorithm::EdDsa ? nullptr : EVP_sha256();
  EVP_PKEY_CTX* parameters = nullptr;  // the context's
  bool is_signed = context != nullptr && EVP_DigestVerifyInit(context.get(), &parameters, digest,
                                                              nullptr, key.key.get()) == 1;
  if (is_signed && algorithm == SignatureAlgorithm::Ps256) {
    is_signed = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1;
  }
  is_signed = is_signed && EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                            Bytes(text), text.size()) == 1;
  ERR_clear_error();  // or a connection of this thread would take them for its own
  return is_signed;
}

}  // namespace policy::gateway
