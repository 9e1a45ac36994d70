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

template <typename Word>
std::uint64_t LoadWord(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Keys of up to sixteen bytes, nearly all of them, take two multiplications and no loop.
inline std::uint64_t HashKey(std::string_view key, const HashSecret& secret) {
  const char* bytes = key.data();
  std::size_t left = key.size();
  std::uint64_t hash = secret.first ^ left;
  while (left > 16) {
    hash = FoldedProduct(hash ^ LoadWord<std::uint64_t>(bytes),
                         secret.second ^ LoadWord<std::uint64_t>(bytes + 8));
    bytes += 16;
    left -= 16;
  }
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  if (left >= 8) {
    head = LoadWord<std::uint64_t>(bytes);
    tail = LoadWord<std::uint64_t>(bytes + left - 8);
  } else if (left >= 4) {
    head = LoadWord<std::uint32_t>(bytes);
    tail = LoadWord<std::uint32_t>(bytes + left - 4);
  } else if (left > 0) {
    head = LoadWord<std::uint8_t>(bytes);
    tail = LoadWord<std::uint8_t>(bytes + left / 2) << 8 | LoadWord<std::uint8_t>(bytes + left - 1);
  }
  hash = FoldedProduct(hash ^ head, secret.second ^ tail);
  return FoldedProduct(hash ^ secret.second, secret.first | 1);
}

}  // namespace policy

#endif  // RUNTIME_LIMITS_KEY_HASH_H_
