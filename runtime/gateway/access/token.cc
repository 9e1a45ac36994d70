#include "runtime/gateway/access/token.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

#include "policy/check.h"

namespace policy::gateway {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kPrefixRandomBytes = 6;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kChecksumBytes = 6;  // characters

// Looked up once: EVP_sha256() is looked up, under a lock, for every hash.
const EVP_MD* Sha256Method() {
  static const EVP_MD* const kMethod = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(kMethod != nullptr);
  return kMethod;
}

std::string ChecksumOf(std::string_view token) {
  const Sha256 hash = HashOf("policyd token " + std::string(token));
  return ToBase64Url(hash).substr(0, kChecksumBytes);
}

}  // namespace

Sha256 HashOf(std::string_view text) {
  Sha256 hash;
  unsigned int size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), hash.data(), &size, Sha256Method(), nullptr);
  CHECK(done == 1 && size == hash.size());
  return hash;
}

std::string ToHex(const Sha256& hash) {
  std::string text;
  for (const std::uint8_t byte : hash) {
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  return text;
}

std::optional<Sha256> FromHex(std::string_view text) {
  Sha256 hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kHexDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    hash[i / 2] = static_cast<std::uint8_t>(std::size_t{hash[i / 2]} << 4 | digit);
  }
  return hash;
}

std::string ToBase64Url(std::span<const std::uint8_t> bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xFFFF;
    for (count += 8; count >= 6; count -= 6)
      text.push_back(kBase64Digits[bits >> (count - 6) & 63]);
  }
  if (count > 0) text.push_back(kBase64Digits[bits << (6 - count) & 63]);
  return text;
}

std::optional<std::string> FromBase64Url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t digit = kBase64Digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::expected<std::string, std::string> MakeToken() {
  std::array<std::uint8_t, kPrefixRandomBytes> prefix;
  std::array<std::uint8_t, kSecretBytes> secret;
  if (RAND_bytes(prefix.data(), prefix.size()) != 1 ||
      RAND_priv_bytes(secret.data(), secret.size()) != 1) {
    return std::unexpected("the system gives no random numbers");
  }
  std::string token = std::string(kTokenMark) + ToBase64Url(prefix) + ToBase64Url(secret);
  token += ChecksumOf(token);
  return token;
}

bool IsToken(std::string_view text) {
  if (text.size() != kTokenBytes || !text.starts_with(kTokenMark)) return false;
  const std::size_t end = text.size() - kChecksumBytes;
  return text.substr(end) == ChecksumOf(text.substr(0, end));
}

TokenHash HashToken(std::string_view token) {
  CHECK(IsToken(token));
  return {.prefix = std::string(token.substr(0, kTokenPrefixBytes)),
          .sha256 = HashOf(token),
          .expires_s = {}};
}

}  // namespace policy::gateway
