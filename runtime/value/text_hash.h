// The hash of texts in program files (string sets, tool and path tables) and in memory beside them.
#ifndef RUNTIME_VALUE_TEXT_HASH_H_
#define RUNTIME_VALUE_TEXT_HASH_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace policy {

static_assert(std::endian::native == std::endian::little, "hashes are kept in program files");

namespace text_hash {

inline constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
inline constexpr std::uint64_t kFinish = 0xD6E8FEB86659FD93;

// Both halves of the 128-bit product, folded: every input bit reaches every output bit.
inline std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <typename T>
std::uint64_t Load(const char* p) {
  T word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// Up to 8 bytes as one word. The size is hashed besides, so the overlap loses nothing.
inline std::uint64_t LoadShort(const char* p, std::size_t size) {
  if (size >= 4) return Load<std::uint32_t>(p) | Load<std::uint32_t>(p + size - 4) << 32;
  if (size == 0) return 0;
  const auto byte = [p](std::size_t i) -> std::uint64_t {
    return static_cast<unsigned char>(p[i]);
  };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

}  // namespace text_hash

// 64 well-mixed bits of `bytes`. The function is part of the program format: it never changes.
// Unseeded: a table over keys that an attacker chooses must pass a secret `seed`.
inline std::uint64_t HashBytes(std::string_view bytes, std::uint64_t seed = 0) {
  const char* p = bytes.data();
  std::size_t size = bytes.size();
  std::uint64_t hash = (size + 1) * text_hash::kFactor ^ seed;
  for (; size > 8; p += 8, size -= 8) {
    hash = text_hash::Mix(hash ^ text_hash::Load<std::uint64_t>(p), text_hash::kFactor);
  }
  hash = text_hash::Mix(hash ^ text_hash::LoadShort(p, size), text_hash::kFactor);
  return text_hash::Mix(hash, text_hash::kFinish);
}

}  // namespace policy

#endif  // RUNTIME_VALUE_TEXT_HASH_H_
