// The keys of the records that are open while a text is read: which of them were met before.
#ifndef RUNTIME_MCP_KEY_SET_H_
#define RUNTIME_MCP_KEY_SET_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/value/fold.h"
#include "runtime/value/name_hash.h"

namespace policy::mcp {

// A stack of records, each a set of unescaped keys; what the set knows of a record is held by
// whoever walks it. Small records are searched in order, larger ones through a hash table; the hash
// has a secret seed, so that no sender can choose keys that collide. Keeps its memory from text to
// text.
class KeySet {
 public:
  // Trivial: a scan keeps room for many of which few are used. Open makes one.
  struct Record {
    std::uint64_t seen;  // a bit for some of the hash of each of its keys: most keys are new, and
                         // this says so at once
    std::uint32_t first_key;
    std::uint32_t first_entry;  // of its table
    std::uint32_t table_size;   // a power of two; 0 while the record is small
    bool ignores_case;
  };

  KeySet() : seed_(NameHashSeed()) {}

  void Clear() {
    key_count_ = 0;
    entries_.clear();
  }

  // Whether keys that differ by letter case only count as one. Records are closed in the opposite
  // order, or all by Clear.
  Record Open(bool ignores_case) const {
    return {.seen = 0,
            .first_key = key_count_,
            .first_entry = static_cast<std::uint32_t>(entries_.size()),
            .table_size = 0,
            .ignores_case = ignores_case};
  }
  void Close(const Record& record) {
    key_count_ = record.first_key;
    if (record.table_size != 0) entries_.resize(record.first_entry);
  }

  // What Add takes: a NameHash where the record ignores case.
  std::uint64_t Hash(std::string_view key, bool ignores_case) const {
    return ignores_case ? NameHash(key, seed_) : ExactNameHash(key, seed_);
  }

  // The same of an ASCII key of `size` bytes, at most 16.
  std::uint64_t HashBlock(name_hash::Block key, std::size_t size, bool ignores_case) const {
    return name_hash::HashShort(key, size, seed_, ignores_case ? name_hash::kCaseBits : 0);
  }

  // Adds `key`, which must stay where it is until the record is closed, and returns null; or the
  // key of the record that counts as the same, valid until the next Add. REQUIRES: `record` was
  // opened last of those that are open.
  [[gnu::always_inline]] const std::string_view* Add(Record& record, std::string_view key,
                                                     std::uint64_t hash) {
    const std::uint64_t bit = std::uint64_t{1} << (hash >> 58);
    if ((record.seen & bit) != 0) {
      if (const Key* known = Find(record, hash, key)) return &known->text;
    }
    record.seen |= bit;
    if (key_count_ == key_capacity_) [[unlikely]] {
      Grow();
    }
    keys_[key_count_++] = {hash, key};
    if (key_count_ - record.first_key > kSmallRecordKeys) AddToTable(record);
    return nullptr;
  }

 private:
  static constexpr std::uint32_t kSmallRecordKeys = 12;

  struct Key {
    std::uint64_t hash = 0;
    std::string_view text;
  };

  void Grow();

  static bool IsSame(const Record& record, const Key& known, std::uint64_t hash,
                     std::string_view text) {
    return known.hash == hash &&
           (known.text == text || (record.ignores_case && EqualFolded(known.text, text)));
  }
  const Key* Find(const Record& record, std::uint64_t hash, std::string_view text) const;
  void AddToTable(Record& record);
  void Insert(const Record& record, std::uint32_t key);

  std::uint64_t seed_;
  std::unique_ptr<Key[]> keys_;  // of the open records, one behind the other
  std::uint32_t key_count_ = 0;
  std::uint32_t key_capacity_ = 0;
  std::vector<std::uint32_t> entries_;  // the tables of the open records, one behind the other
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_KEY_SET_H_
