#include "runtime/program/pattern_index.h"

#include <algorithm>
#include <utility>

#include "runtime/program/table_hash.h"

namespace policy {

PatternIndex::PatternIndex(const std::vector<std::string_view>& patterns) {
  constexpr std::size_t kTriedMax = 8;  // so few are tried one after the other
  std::vector<Keyed> prefixes;
  std::vector<Keyed> suffixes;
  for (std::uint32_t i = 0; i < patterns.size(); ++i) {
    const std::string_view pattern = patterns[i];
    const std::string_view prefix = pattern.substr(0, pattern.find('*'));
    const std::string_view suffix = pattern.substr(pattern.rfind('*') + 1);
    if (patterns.size() <= kTriedMax || (prefix.empty() && suffix.empty())) {
      others_.push_back(i);
    } else if (!prefix.empty()) {
      prefixes.push_back({HashBytes(prefix), static_cast<std::uint32_t>(prefix.size()), i});
    } else {
      suffixes.push_back({HashBytes(suffix), static_cast<std::uint32_t>(suffix.size()), i});
    }
  }
  prefixes_ = MakeTable(std::move(prefixes));
  suffixes_ = MakeTable(std::move(suffixes));
}

PatternIndex::Table PatternIndex::MakeTable(std::vector<Keyed> keyed) {
  Table table;
  table.entries.resize(TableSize(static_cast<std::uint32_t>(keyed.size())));
  const std::size_t mask = table.entries.size() - 1;
  std::ranges::sort(keyed, {}, [](const Keyed& k) { return std::pair(k.hash, k.pattern); });
  for (const Keyed& pattern : keyed) {
    table.sizes.push_back(pattern.size);
    const auto position = static_cast<std::uint32_t>(table.patterns.size());
    table.patterns.push_back(pattern.pattern);
    std::size_t at = pattern.hash & mask;
    while (table.entries[at].count != 0 && table.entries[at].hash != pattern.hash) {
      at = (at + 1) & mask;
    }
    Entry& entry = table.entries[at];
    if (entry.count == 0) entry = {pattern.hash, position, 0};
    ++entry.count;
  }
  std::ranges::sort(table.sizes);
  const auto repeated = std::ranges::unique(table.sizes);
  table.sizes.erase(repeated.begin(), repeated.end());
  return table;
}

}  // namespace policy
