#include "runtime/gateway/serve/session_seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "policy/check.h"
#include "runtime/gateway/policy_file.h"

namespace policy::gateway {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kWorkerBytes = 2;
constexpr std::size_t kTicketBytesMin = kNumberBytes + kWorkerBytes;
constexpr std::size_t kIdBytesMax = 4'096;
constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> MakeDigitValues() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<std::uint8_t>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kDigitValues = MakeDigitValues();

using Bytes = std::vector<std::uint8_t>;

std::string ToText(std::span<const std::uint8_t> bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    count += 8;
    for (; count >= 6; count -= 6) text.push_back(kDigits[bits >> (count - 6) & 63]);
  }
  if (count != 0) text.push_back(kDigits[bits << (6 - count) & 63]);
  return text;
}

std::optional<Bytes> FromText(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  int count = 0;
  bytes.reserve(text.size());
  for (const char c : text) {
    const std::uint8_t digit = kDigitValues[static_cast<std::uint8_t>(c)];
    if (digit == kNoDigit) return std::nullopt;
    bits = bits << 6 | digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  const bool has_rest = count >= 6 || (bits & ((1U << count) - 1)) != 0;
  return has_rest ? std::nullopt : std::optional(bytes);
}

// Names hold no control characters.
std::string OwnerText(const SessionOwner& owner) {
  return "policyd session 1\n" + owner.server + "\n" + owner.grant + "\n" + owner.subject;
}

const std::uint8_t* Data(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

struct ContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
// Looked up once: EVP_aes_256_gcm() is looked up, under a lock, for every session id.
const EVP_CIPHER* Cipher() {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHECK(kCipher != nullptr);
  return kCipher;
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextDeleter>;

}  // namespace

std::expected<SealKey, std::string> ReadSealKey(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    return std::unexpected(path + ": others can read this key: chmod 600");
  }
  auto text = ReadPolicyFile(path);
  if (!text) return std::unexpected(text.error());
  SealKey key{};
  if (text->size() == key.size()) {
    std::memcpy(key.data(), text->data(), key.size());
    return key;
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  const auto digit = [](char c) {
    const std::size_t value = std::string_view("0123456789abcdef").find(c);
    return value == std::string_view::npos ? 16U : static_cast<unsigned>(value);
  };
  bool is_well = text->size() == 2 * key.size();
  for (std::size_t i = 0; is_well && i < key.size(); ++i) {
    const unsigned high = digit((*text)[2 * i]);
    const unsigned low = digit((*text)[2 * i + 1]);
    is_well = high < 16 && low < 16;
    key[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (!is_well) {
    return std::unexpected(path + ": a key is 32 bytes, or 64 hexadecimal digits in lower case");
  }
  return key;
}

SealKey MakeSealKey() {
  SealKey key{};
  CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  return key;
}

std::string SessionSeal::Seal(const SessionTicket& ticket, const SessionOwner& owner) const {
  Bytes plain;
  for (int shift = 56; shift >= 0; shift -= 8) {
    plain.push_back(static_cast<std::uint8_t>(ticket.number >> shift));
  }
  plain.push_back(static_cast<std::uint8_t>(ticket.worker >> 8));
  plain.push_back(static_cast<std::uint8_t>(ticket.worker & 0xFF));
  plain.insert(plain.end(), ticket.resumption.begin(), ticket.resumption.end());

  Bytes sealed(kNonceBytes + plain.size() + kTagBytes);
  std::uint8_t* const nonce = sealed.data();
  std::uint8_t* const body = nonce + kNonceBytes;
  CHECK(RAND_bytes(nonce, kNonceBytes) == 1);
  const std::string owner_text = OwnerText(owner);
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  CHECK(context != nullptr);
  CHECK(EVP_EncryptInit_ex(context.get(), Cipher(), nullptr, key_.data(), nonce) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), nullptr, &size, Data(owner_text),
                          static_cast<int>(owner_text.size())) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), body, &size, plain.data(),
                          static_cast<int>(plain.size())) == 1);
  CHECK(EVP_EncryptFinal_ex(context.get(), body + size, &size) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, body + plain.size()) ==
        1);
  return ToText(sealed);
}

std::optional<SessionTicket> SessionSeal::Open(std::string_view id,
                                               const SessionOwner& owner) const {
  if (id.size() > kIdBytesMax) return std::nullopt;
  auto sealed = FromText(id);
  if (!sealed || sealed->size() < kNonceBytes + kTicketBytesMin + kTagBytes) return std::nullopt;
  const std::size_t size = sealed->size() - kNonceBytes - kTagBytes;
  std::uint8_t* const body = sealed->data() + kNonceBytes;
  Bytes plain(size);
  const std::string owner_text = OwnerText(owner);
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  CHECK(context != nullptr);
  CHECK(EVP_DecryptInit_ex(context.get(), Cipher(), nullptr, key_.data(), sealed->data()) == 1);
  CHECK(EVP_DecryptUpdate(context.get(), nullptr, &written, Data(owner_text),
                          static_cast<int>(owner_text.size())) == 1);
  CHECK(EVP_DecryptUpdate(context.get(), plain.data(), &written, body, static_cast<int>(size)) ==
        1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, body + size) == 1);
  if (EVP_DecryptFinal_ex(context.get(), plain.data() + written, &written) != 1) {
    return std::nullopt;
  }
  SessionTicket ticket;
  for (std::size_t i = 0; i < kNumberBytes; ++i) ticket.number = ticket.number << 8 | plain[i];
  ticket.worker = static_cast<std::uint16_t>(plain[kNumberBytes] << 8 | plain[kNumberBytes + 1]);
  ticket.resumption.assign(plain.begin() + kTicketBytesMin, plain.end());
  return ticket;
}

}  // namespace policy::gateway
