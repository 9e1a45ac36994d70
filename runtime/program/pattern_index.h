// Which of many tool patterns a name may match, without trying all of them.
#ifndef RUNTIME_PROGRAM_PATTERN_INDEX_H_
#define RUNTIME_PROGRAM_PATTERN_INDEX_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/value/text_hash.h"

namespace policy {

// Patterns by what stands before their first star or, where that is nothing, behind their last: a
// name is looked up once for each length that such a text has. Immutable, safe for concurrent use.
class PatternIndex {
 public:
  PatternIndex() = default;
  explicit PatternIndex(const std::vector<std::string_view>& patterns);

  // Calls `visit` with the position of every pattern that may match `name`; those that match are
  // among them, each once, in no order.
  template <typename Visit>
  void ForEachCandidate(std::string_view name, Visit visit) const {
    for (const std::uint32_t pattern : others_) visit(pattern);
    for (const std::uint32_t size : prefixes_.sizes) {
      if (size > name.size()) break;
      prefixes_.ForEach(name.substr(0, size), visit);
    }
    for (const std::uint32_t size : suffixes_.sizes) {
      if (size > name.size()) break;
      suffixes_.ForEach(name.substr(name.size() - size), visit);
    }
  }

 private:
  // Patterns by a text that they share.
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;  // 0: free
  };
  struct Table {
    std::vector<std::uint32_t> sizes;     // that the texts have, each once, rising
    std::vector<Entry> entries;           // open addressing, a power of two
    std::vector<std::uint32_t> patterns;  // those of an entry side by side

    template <typename Visit>
    void ForEach(std::string_view text, Visit visit) const {
      const std::uint64_t hash = HashBytes(text);
      const std::size_t mask = entries.size() - 1;
      for (std::size_t at = hash & mask; entries[at].count != 0; at = (at + 1) & mask) {
        const Entry& entry = entries[at];
        if (entry.hash != hash) continue;
        for (std::uint32_t i = 0; i < entry.count; ++i) visit(patterns[entry.first + i]);
        return;
      }
    }
  };
  struct Keyed {
    std::uint64_t hash = 0;
    std::uint32_t size = 0;
    std::uint32_t pattern = 0;
  };

  static Table MakeTable(std::vector<Keyed> keyed);

  Table prefixes_;
  Table suffixes_;
  std::vector<std::uint32_t> others_;  // begin and end with a star, or too few to be worth more
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_PATTERN_INDEX_H_
