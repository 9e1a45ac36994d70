// The keys of the records that are open while a text is read: which of them were met before.
#ifndef RUNTIME_MCP_KEY_SET_H_
#define RUNTIME_MCP_KEY_SET_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/value/fold.h"
#include "runtime/value/text_hash.h"

namespace policy::mcp {

// A stack of records, each a set of unescaped keys. Small records are searched in order, larger
// ones through a hash table; the hash has a secret seed, so that no sender can choose keys that
// collide. Keeps its memory from text to text.
class KeySet {
 public:
  KeySet();

  void Clear();
  // Whether keys that differ by letter case only count as one.
  void OpenRecord(bool ignores_case);
  // Adds `key`, which must stay where it is until the record is closed, or returns the key of its
  // record that counts as the same.
  std::optional<std::string_view> Add(std::string_view key);
  void CloseRecord();

 private:
  static constexpr std::uint32_t kSmallRecordKeys = 12;

  struct Key {
    std::uint64_t hash;
    std::string_view text;
  };
  struct Record {
    std::uint32_t first_key = 0;
    std::uint32_t first_entry = 0;  // of its table
    std::uint32_t table_size = 0;   // a power of two; 0 while the record is small
    bool ignores_case = false;
  };

  static constexpr std::uint64_t kCaseBits = 0x2020202020202020;
  struct Hashed {
    std::uint64_t hash;
    bool is_ascii;
  };
  Hashed HashWords(std::string_view key, std::uint64_t case_bits) const;
  std::uint64_t Hash(std::string_view key, bool ignores_case) const;
  std::uint64_t HashFoldedText(std::string_view key) const;
  static bool IsSame(const Record& record, const Key& known, std::uint64_t hash,
                     std::string_view text) {
    return known.hash == hash &&
           (known.text == text || (record.ignores_case && EqualFolded(known.text, text)));
  }
  const Key* FindInTable(const Record& record, std::uint64_t hash, std::string_view text) const;
  void AddToTable();
  void Insert(std::uint32_t key);

  std::uint64_t seed_;
  std::vector<Record> records_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> entries_;  // the tables of the open records, one behind the other
};

// Small letters from capitals are one bit of each byte; a few other bytes are taken together by it
// too, at the cost of a comparison.
inline KeySet::Hashed KeySet::HashWords(std::string_view key, std::uint64_t case_bits) const {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const std::uint64_t factor = text_hash::kFactor ^ seed_ << 1;
  const char* p = key.data();
  std::size_t size = key.size();
  std::uint64_t hash = seed_ ^ size;
  std::uint64_t seen = 0;
  for (; size > 8; p += 8, size -= 8) {
    const std::uint64_t word = text_hash::Load<std::uint64_t>(p);
    seen |= word;
    hash = text_hash::Mix(hash ^ (word | case_bits), factor);
  }
  const std::uint64_t word = text_hash::LoadShort(p, size);
  seen |= word;
  return {text_hash::Mix(hash ^ (word | case_bits), factor), (seen & kHighBits) == 0};
}

// Keys that count as the same have the same hash: beyond ASCII it is that of the folded text.
inline std::uint64_t KeySet::Hash(std::string_view key, bool ignores_case) const {
  if (!ignores_case) return HashWords(key, 0).hash;
  const Hashed hashed = HashWords(key, kCaseBits);
  return hashed.is_ascii ? hashed.hash : HashFoldedText(key);
}

inline std::optional<std::string_view> KeySet::Add(std::string_view text) {
  const Record& record = records_.back();
  const std::uint64_t hash = Hash(text, record.ignores_case);
  if (record.table_size != 0) {
    if (const Key* known = FindInTable(record, hash, text)) return known->text;
  } else {
    for (std::size_t i = record.first_key; i < keys_.size(); ++i) {
      if (IsSame(record, keys_[i], hash, text)) return keys_[i].text;
    }
  }
  keys_.emplace_back(hash, text);
  if (keys_.size() - record.first_key > kSmallRecordKeys) AddToTable();
  return std::nullopt;
}

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_KEY_SET_H_
