// The hash of scope keys. Keyed with a secret of the process: keys come from callers, who must not
// be able to aim at one place of the table.
#ifndef RUNTIME_LIMITS_KEY_HASH_H_
#define RUNTIME_LIMITS_KEY_HASH_H_

#include <cstdint>
#include <cstring>
#include <string_view>

namespace policy {

// Random numbers from the system, drawn once for each Counters.
struct HashSecret {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

inline std::uint64_t FoldedProduct(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t HashKey(std::string_view key, const HashSecret& secret) {
  std::uint64_t hash = secret.first ^ key.size();
  while (key.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, key.data(), 8);
    hash = FoldedProduct(hash ^ word, secret.second);
    key.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!key.empty()) std::memcpy(&word, key.data(), key.size());
  hash = FoldedProduct(hash ^ word, secret.second);
  return FoldedProduct(hash ^ secret.second, secret.first | 1);
}

}  // namespace policy

#endif  // RUNTIME_LIMITS_KEY_HASH_H_
