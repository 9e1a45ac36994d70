#include "runtime/value/name_hash.h"

#include <random>
#include <string>

#include "runtime/value/fold.h"

namespace policy {

std::uint64_t NameHashSeed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
  }();
  return seed;
}

namespace name_hash {

bool IsAscii(std::string_view name) {
  std::uint64_t seen = 0;
  for (; name.size() > 8; name.remove_prefix(8)) {
    seen |= text_hash::Load<std::uint64_t>(name.data());
  }
  return ((seen | text_hash::LoadShort(name.data(), name.size())) & kHighBits) == 0;
}

// The last block overlaps the one before; the size is hashed.
std::uint64_t HashLong(std::string_view name, std::uint64_t seed, std::uint64_t case_bits) {
  std::uint64_t hash = seed + name.size();
  const char* const last = name.data() + name.size() - kBlockBytes;
  for (const char* p = name.data(); p < last; p += kBlockBytes) {
    hash = MixBlock(LoadBlock(p), seed ^ hash, case_bits);
  }
  return MixBlock(LoadBlock(last), seed ^ hash, case_bits);
}

// Beyond ASCII it is the folded text that is hashed: it may well be ASCII itself.
std::uint64_t HashBeyondAscii(std::string_view name, std::uint64_t seed) {
  constexpr std::size_t kKeptBytesMax = 4 * 1024;
  thread_local std::string folded;
  folded.clear();
  AppendFolded(name, folded);
  const std::uint64_t hash =
      folded.size() > kBlockBytes
          ? HashLong(folded, seed, kCaseBits)
          : HashShort(LoadName(folded.data(), folded.size()), folded.size(), seed, kCaseBits);
  if (folded.capacity() > kKeptBytesMax) folded = {};
  return hash;
}

}  // namespace name_hash
}  // namespace policy
