// The hashes of the open-addressing tables in program files. Part of the format: a change is a new
// kVersion.
#ifndef RUNTIME_PROGRAM_TABLE_HASH_H_
#define RUNTIME_PROGRAM_TABLE_HASH_H_

#include <cstdint>
#include <string_view>

#include "runtime/value/decimal.h"
#include "runtime/value/text_hash.h"

namespace policy {

constexpr std::uint64_t MixBits(std::uint64_t bits) {
  bits ^= bits >> 33;
  bits *= 0xFF51AFD7ED558CCDu;
  bits ^= bits >> 33;
  bits *= 0xC4CEB9FE1A85EC53u;
  return bits ^ (bits >> 33);
}

inline std::uint64_t MemberHash(std::uint32_t parent, std::string_view key) {
  return MixBits(HashBytes(key) + parent);
}

inline std::uint64_t ElementHash(std::uint32_t parent, std::uint32_t index) {
  return MixBits((std::uint64_t{index} << 32 | parent) ^ 0x9E3779B97F4A7C15u);
}

inline std::uint64_t NumberHash(Decimal number) {
  return MixBits(static_cast<std::uint64_t>(number.coefficient) * 64 +
                 static_cast<std::uint64_t>(number.exponent + 18));
}

inline std::uint64_t BoolHash(bool value) { return value ? 1 : 0; }

// Slots of a table for `count` entries: a power of two, at most half full, so that every probe
// finds a free slot.
constexpr std::uint32_t TableSize(std::uint32_t count) {
  std::uint32_t size = 2;
  while (size < count * 2) size *= 2;
  return size;
}

}  // namespace policy

#endif  // RUNTIME_PROGRAM_TABLE_HASH_H_
