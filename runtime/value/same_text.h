// Equality of texts that are mostly short, without a call.
#ifndef RUNTIME_VALUE_SAME_TEXT_H_
#define RUNTIME_VALUE_SAME_TEXT_H_

#include <cstdint>
#include <cstring>
#include <string_view>

#include "runtime/value/text_hash.h"

namespace policy {

// a == b.
inline bool SameText(std::string_view a, std::string_view b) {
  using text_hash::Load;
  if (a.size() != b.size()) return false;
  constexpr std::size_t kInlineBytesMax = 64;
  const std::size_t size = a.size();
  const char* const p = a.data();
  const char* const q = b.data();
  if (size > kInlineBytesMax) return std::memcmp(p, q, size) == 0;
  if (size >= 8) {  // words; the last overlaps the one before
    std::uint64_t differs = Load<std::uint64_t>(p + size - 8) ^ Load<std::uint64_t>(q + size - 8);
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      differs |= Load<std::uint64_t>(p + i) ^ Load<std::uint64_t>(q + i);
    }
    return differs == 0;
  }
  return text_hash::LoadShort(p, size) == text_hash::LoadShort(q, size);
}

}  // namespace policy

#endif  // RUNTIME_VALUE_SAME_TEXT_H_
