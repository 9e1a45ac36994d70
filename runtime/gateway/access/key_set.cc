#include "runtime/gateway/access/key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <optional>
#include <utility>

#include "runtime/gateway/access/token.h"
#include "runtime/gateway/config/json_document.h"

namespace policy::gateway {
namespace {

struct Deleter {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;
using Key = std::unique_ptr<EVP_PKEY, PublicKeyDeleter>;

constexpr std::size_t kCoordinateBytes = 32;  // of P-256, and of an Ed25519 key

std::string_view TextOf(const JsonNode& record, std::string_view key) {
  const JsonNode* const node = record.Find(key);
  return node == nullptr || node->type != JsonType::String ? std::string_view() : node->text;
}

std::optional<std::string> BytesOf(const JsonNode& record, std::string_view key) {
  const std::string_view text = TextOf(record, key);
  return text.empty() ? std::nullopt : FromBase64Url(text);
}

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key FromParameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

Key RsaKey(const JsonNode& record) {
  const auto modulus = BytesOf(record, "n");
  const auto exponent = BytesOf(record, "e");
  if (!modulus || !exponent || modulus->size() > kRsaBitsMax / 8 || exponent->size() > 8) {
    return nullptr;
  }
  const Owned<BIGNUM> n(BN_bin2bn(Bytes(*modulus), static_cast<int>(modulus->size()), nullptr));
  const Owned<BIGNUM> e(BN_bin2bn(Bytes(*exponent), static_cast<int>(exponent->size()), nullptr));
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || builder == nullptr || BN_num_bits(n.get()) < kRsaBitsMin ||
      BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) != 0 || BN_is_odd(n.get()) == 0 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return FromParameters("RSA", builder.get());
}

Key P256Key(const JsonNode& record) {
  const auto x = BytesOf(record, "x");
  const auto y = BytesOf(record, "y");
  if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  Key key = FromParameters("EC", builder.get());
  // A point that is not on the curve verifies nothing, or too much.
  const Owned<EVP_PKEY_CTX> context(
      key == nullptr ? nullptr : EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_public_check(context.get()) != 1) return nullptr;
  return key;
}

Key Ed25519Key(const JsonNode& record) {
  const auto x = BytesOf(record, "x");
  if (!x || x->size() != kCoordinateBytes) return nullptr;
  return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(*x), x->size()));
}

// nullopt: of a kind that is not used here.
std::optional<KeyType> TypeOf(const JsonNode& record) {
  const std::string_view type = TextOf(record, "kty");
  if (type == "RSA") return KeyType::Rsa;
  if (type == "EC" && TextOf(record, "crv") == "P-256") return KeyType::P256;
  if (type == "OKP" && TextOf(record, "crv") == "Ed25519") return KeyType::Ed25519;
  return std::nullopt;
}

// Whether its maker says that it verifies signatures, or does not say.
bool IsForVerifying(const JsonNode& record) {
  if (record.Find("use") != nullptr && TextOf(record, "use") != "sig") return false;
  const JsonNode* const operations = record.Find("key_ops");
  if (operations == nullptr) return true;
  for (const JsonNode& operation : operations->items) {
    if (operation.text == "verify") return true;
  }
  return false;
}

Key MakeKey(const JsonNode& record, KeyType type) {
  switch (type) {
    case KeyType::Rsa:
      return RsaKey(record);
    case KeyType::P256:
      return P256Key(record);
    case KeyType::Ed25519:
      return Ed25519Key(record);
  }
  return nullptr;
}

bool Fits(const VerifyingKey& key, SignatureAlgorithm algorithm) {
  const auto index = static_cast<std::size_t>(algorithm);
  if (!key.algorithm.empty() && key.algorithm != kSignatureAlgorithmNames[index]) return false;
  switch (algorithm) {
    case SignatureAlgorithm::Rs256:
    case SignatureAlgorithm::Ps256:
      return key.type == KeyType::Rsa;
    case SignatureAlgorithm::Es256:
      return key.type == KeyType::P256;
    case SignatureAlgorithm::EdDsa:
      return key.type == KeyType::Ed25519;
  }
  return false;
}

}  // namespace

std::expected<KeySet, std::string> KeySet::Parse(std::string_view json) {
  if (json.size() > kKeySetBytesMax) return std::unexpected("the key set is too large");
  const auto root = ParseJson("key set", json);
  if (!root) return std::unexpected("the key set: " + root.error().front().text);
  const JsonNode* const keys = root->Find("keys");
  if (keys == nullptr || keys->type != JsonType::List || keys->items.size() > kKeysMax) {
    return std::unexpected("the key set has no `keys`, or more than " + std::to_string(kKeysMax));
  }
  KeySet set;
  for (const JsonNode& record : keys->items) {
    const auto type = TypeOf(record);
    if (!type || !IsForVerifying(record)) continue;
    VerifyingKey key;
    key.id = TextOf(record, "kid");
    key.algorithm = TextOf(record, "alg");
    key.type = *type;
    key.key = MakeKey(record, *type);
    if (key.key == nullptr) {
      return std::unexpected("the key set: the key `" + key.id + "` is malformed or too weak");
    }
    for (const VerifyingKey& other : set.keys_) {
      if (other.id == key.id && !key.id.empty()) {
        return std::unexpected("the key set: the key id `" + key.id + "` is used twice");
      }
    }
    set.keys_.push_back(std::move(key));
  }
  return set;
}

const VerifyingKey* KeySet::Find(std::string_view id, SignatureAlgorithm algorithm) const {
  const VerifyingKey* found = nullptr;
  for (const VerifyingKey& key : keys_) {
    if (!Fits(key, algorithm) || (!id.empty() && key.id != id)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace policy::gateway
