// The hash of names in records as a reader meets them: of no program file, of this process alone.
#ifndef RUNTIME_VALUE_NAME_HASH_H_
#define RUNTIME_VALUE_NAME_HASH_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "runtime/value/text_hash.h"

namespace policy {

// Secret and the same throughout the process, so that no sender can choose names that collide.
std::uint64_t NameHashSeed();

namespace name_hash {

inline constexpr std::uint64_t kHighBits = 0x8080808080808080;
// Small letters differ from capitals by one bit of each byte; a few other bytes are taken together
// by it too, at the cost of a comparison.
inline constexpr std::uint64_t kCaseBits = 0x2020202020202020;
inline constexpr std::size_t kBlockBytes = 16;

// Sixteen bytes of a name.
struct Block {
  std::uint64_t first;
  std::uint64_t second;

  bool is_ascii() const { return ((first | second) & kHighBits) == 0; }
};

inline Block LoadBlock(const char* p) {
  return {text_hash::Load<std::uint64_t>(p), text_hash::Load<std::uint64_t>(p + 8)};
}

// A name of at most kBlockBytes, zeros behind it.
inline Block LoadName(const char* p, std::size_t size) {
  using text_hash::Load;
  const auto at = [p](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])) << 8 * i;
  };
  if (size > 8) {
    return {Load<std::uint64_t>(p), Load<std::uint64_t>(p + size - 8) >> 8 * (kBlockBytes - size)};
  }
  if (size >= 4) {
    return {Load<std::uint32_t>(p) | Load<std::uint32_t>(p + size - 4) << 8 * (size - 4), 0};
  }
  return {size == 0 ? 0 : at(0) | at(size / 2) | at(size - 1), 0};
}

// The same where kBlockBytes can be read at `p`: no branch depends on the size.
inline Block LoadNameInBlock(const char* p, std::size_t size) {
  static constexpr auto kMask = [] {
    std::array<char, 2 * kBlockBytes> mask{};
    for (std::size_t i = 0; i < kBlockBytes; ++i) mask[i] = '\xFF';
    return mask;
  }();
  const Block block = LoadBlock(p);
  const Block mask = LoadBlock(kMask.data() + kBlockBytes - size);
  return {block.first & mask.first, block.second & mask.second};
}

inline std::uint64_t MixBlock(Block block, std::uint64_t seed, std::uint64_t case_bits) {
  return text_hash::Mix((block.first | case_bits) ^ seed,
                        (block.second | case_bits) ^ seed * text_hash::kFactor);
}

// Of one of at most kBlockBytes.
inline std::uint64_t HashShort(Block name, std::size_t size, std::uint64_t seed,
                               std::uint64_t case_bits) {
  return MixBlock(name, seed + size, case_bits);
}

std::uint64_t HashLong(std::string_view name, std::uint64_t seed, std::uint64_t case_bits);
std::uint64_t HashBeyondAscii(std::string_view name, std::uint64_t seed);
bool IsAscii(std::string_view name);

}  // namespace name_hash

// Equal for names that are EqualFolded (fold.h). `seed`: NameHashSeed().
inline std::uint64_t NameHash(std::string_view name, std::uint64_t seed) {
  if (name.size() > name_hash::kBlockBytes) {
    return name_hash::IsAscii(name) ? name_hash::HashLong(name, seed, name_hash::kCaseBits)
                                    : name_hash::HashBeyondAscii(name, seed);
  }
  const name_hash::Block block = name_hash::LoadName(name.data(), name.size());
  return block.is_ascii() ? name_hash::HashShort(block, name.size(), seed, name_hash::kCaseBits)
                          : name_hash::HashBeyondAscii(name, seed);
}

// Differs, as a rule, for names that differ by letter case.
inline std::uint64_t ExactNameHash(std::string_view name, std::uint64_t seed) {
  if (name.size() > name_hash::kBlockBytes) return name_hash::HashLong(name, seed, 0);
  const name_hash::Block block = name_hash::LoadName(name.data(), name.size());
  return name_hash::HashShort(block, name.size(), seed, 0);
}

// The first or the second, for an ASCII name of at most 16 bytes, where 16 can be read.
inline std::uint64_t HashNameInBlock(std::string_view name, std::uint64_t seed, bool ignores_case) {
  const name_hash::Block block = name_hash::LoadNameInBlock(name.data(), name.size());
  return name_hash::HashShort(block, name.size(), seed, ignores_case ? name_hash::kCaseBits : 0);
}

}  // namespace policy

#endif  // RUNTIME_VALUE_NAME_HASH_H_
