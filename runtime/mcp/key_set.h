// The keys of the records that are open while a text is read: which of them were met before.
#ifndef RUNTIME_MCP_KEY_SET_H_
#define RUNTIME_MCP_KEY_SET_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

  const Key* Find(const Record& record, const Key& key) const;
  void GrowTable();
  void Insert(std::uint32_t key);

  std::uint64_t seed_;
  std::vector<Record> records_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> entries_;  // the tables of the open records, one behind the other
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_KEY_SET_H_
