#include "runtime/mcp/key_set.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace policy::mcp {

namespace {
constexpr std::uint32_t kFreeEntry = 0xFFFFFFFF;
}

const KeySet::Key* KeySet::Find(const Record& record, std::uint64_t hash,
                                std::string_view text) const {
  if (record.table_size == 0) {
    for (std::uint32_t i = record.first_key; i < key_count_; ++i) {
      if (IsSame(record, keys_[i], hash, text)) return &keys_[i];
    }
    return nullptr;
  }
  const std::uint32_t mask = record.table_size - 1;
  for (auto at = static_cast<std::uint32_t>(hash) & mask;; at = (at + 1) & mask) {
    const std::uint32_t entry = entries_[record.first_entry + at];
    if (entry == kFreeEntry) return nullptr;
    if (IsSame(record, keys_[entry], hash, text)) return &keys_[entry];
  }
}

void KeySet::Grow() {
  constexpr std::uint32_t kCapacityMin = 32;
  key_capacity_ = std::max(key_capacity_ * 2, kCapacityMin);
  auto grown = std::make_unique<Key[]>(key_capacity_);
  std::copy_n(keys_.get(), key_count_, grown.get());
  keys_ = std::move(grown);
}

// The last key goes into the table, which is made, or made larger, where it must be.
void KeySet::AddToTable(Record& record) {
  const std::uint32_t count = key_count_ - record.first_key;
  if (count * 2 <= record.table_size) return Insert(record, key_count_ - 1);
  record.table_size =
      record.table_size == 0 ? std::bit_ceil(kSmallRecordKeys * 4) : record.table_size * 4;
  entries_.resize(record.first_entry);
  entries_.resize(record.first_entry + record.table_size, kFreeEntry);
  for (std::uint32_t key = record.first_key; key < key_count_; ++key) Insert(record, key);
}

void KeySet::Insert(const Record& record, std::uint32_t key) {
  const std::uint32_t mask = record.table_size - 1;
  std::uint32_t at = static_cast<std::uint32_t>(keys_[key].hash) & mask;
  while (entries_[record.first_entry + at] != kFreeEntry) at = (at + 1) & mask;
  entries_[record.first_entry + at] = key;
}

}  // namespace policy::mcp
