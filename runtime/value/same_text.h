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
  const std::size_t size = a.size();
  const char* const p = a.data();
  const char* const q = b.data();
  if (size > 16) return std::memcmp(p, q, size) == 0;
  // Two words that overlap where the text is shorter than both.
  if (size >= 8) {
    return ((Load<std::uint64_t>(p) ^ Load<std::uint64_t>(q)) |
            (Load<std::uint64_t>(p + size - 8) ^ Load<std::uint64_t>(q + size - 8))) == 0;
  }
  return text_hash::LoadShort(p, size) == text_hash::LoadShort(q, size);
}

}  // namespace policy

#endif  // RUNTIME_VALUE_SAME_TEXT_H_
