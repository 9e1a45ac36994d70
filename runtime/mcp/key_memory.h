// What the keys of earlier messages came to: those of one connection are mostly the same few, and
// to look them up again costs more than to compare them.
#ifndef RUNTIME_MCP_KEY_MEMORY_H_
#define RUNTIME_MCP_KEY_MEMORY_H_

#include <array>
#include <bit>
#include <cstdint>

#include "policy/program.h"
#include "runtime/value/name_hash.h"
#include "runtime/value/text_hash.h"

namespace policy::mcp {

// Remembers, for a key of at most 15 plain ASCII bytes at a place, its hash and the place of its
// value. Both depend on nothing else but the program, which Begin names: what was learnt under
// another is forgotten. A key that is to be refused is never learnt. Of fixed size: new keys take
// the room of old ones.
class KeyMemory {
 public:
  using Block = name_hash::Block;  // of the key, zeros behind it; as no key has any, it is the key

  struct Entry {
    Block key = {};
    std::uint64_t record = kNowhere;
    std::uint64_t hash = 0;
    std::uint64_t value = 0;
    std::uint8_t size = 0;
    std::uint8_t next = 0;  // number of the entry that was met after it
  };

  // For each message. Null: no program asks for anything.
  void Begin(const Program* program) {
    last_ = 0;
    const Checksum checksum = program == nullptr ? Checksum{} : program->hash();
    if (checksum == checksum_) return;
    entries_.fill({});
    checksum_ = checksum;
  }

  // The key that came next the last time, where it stands at `text`, behind the quote, with the
  // quote behind it; else null. `record`: the bits of its place. 16 bytes of `text` can be read.
  const Entry* Predict(const char* text, std::uint64_t record) {
    const std::uint8_t number = entries_[last_].next;
    const Entry& entry = entries_[number];
    const Block block = name_hash::LoadNameInBlock(text, entry.size);
    if (!IsOf(entry, block, record) || text[entry.size] != '"') return nullptr;
    last_ = number;
    return &entry;
  }
  // Null: not known. An empty key never is.
  const Entry* Find(Block key, std::uint64_t record) {
    const std::size_t first = PlaceOf(key, record);
    for (const std::size_t number : {first, first + 1}) {
      if (!IsOf(entries_[number], key, record)) continue;
      Follow(number);
      return &entries_[number];
    }
    return nullptr;
  }
  // REQUIRES: the key is not empty and not known.
  void Learn(const Entry& entry) {
    const std::size_t first = PlaceOf(entry.key, entry.record);
    entries_[first + 1] = entries_[first];
    entries_[first] = entry;
    Follow(first);
  }

 private:
  using Checksum = std::array<std::uint8_t, 32>;
  static constexpr unsigned kPlaceBits = 5;                     // of two entries each
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};  // no place has such bits

  static bool IsOf(const Entry& entry, Block key, std::uint64_t record) {
    return ((entry.key.first ^ key.first) | (entry.key.second ^ key.second) |
            (entry.record ^ record)) == 0;
  }
  static std::size_t PlaceOf(Block key, std::uint64_t record) {
    const std::uint64_t mixed =
        text_hash::Mix(key.first ^ std::rotl(record, 7), key.second ^ text_hash::kFinish);
    return 2 + (mixed >> (64 - kPlaceBits)) * 2;
  }
  void Follow(std::size_t number) {
    entries_[last_].next = static_cast<std::uint8_t>(number);
    last_ = static_cast<std::uint8_t>(number);
  }

  Checksum checksum_ = {};
  // The first two are no keys: a message begins behind the first.
  std::array<Entry, 2 + (2 << kPlaceBits)> entries_;
  std::uint8_t last_ = 0;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_KEY_MEMORY_H_
