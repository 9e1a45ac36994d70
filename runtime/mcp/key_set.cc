#include "runtime/mcp/key_set.h"

#include <bit>
#include <random>

namespace policy::mcp {

namespace {

constexpr std::uint32_t kFreeEntry = 0xFFFFFFFF;

std::uint64_t SecretSeed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

KeySet::KeySet() : seed_(SecretSeed()) {}

void KeySet::Clear() {
  records_.clear();
  keys_.clear();
  entries_.clear();
}

void KeySet::OpenRecord(bool ignores_case) {
  records_.push_back({static_cast<std::uint32_t>(keys_.size()),
                      static_cast<std::uint32_t>(entries_.size()), 0, ignores_case});
}

void KeySet::CloseRecord() {
  keys_.resize(records_.back().first_key);
  entries_.resize(records_.back().first_entry);
  records_.pop_back();
}

std::uint64_t KeySet::HashFoldedText(std::string_view key) const {
  return HashWords(Folded(key), kCaseBits).hash;
}

const KeySet::Key* KeySet::FindInTable(const Record& record, std::uint64_t hash,
                                       std::string_view text) const {
  const std::uint32_t mask = record.table_size - 1;
  for (auto at = static_cast<std::uint32_t>(hash) & mask;; at = (at + 1) & mask) {
    const std::uint32_t entry = entries_[record.first_entry + at];
    if (entry == kFreeEntry) return nullptr;
    if (IsSame(record, keys_[entry], hash, text)) return &keys_[entry];
  }
}

// The key at the end of keys_ goes into the table, which is made, or made larger, where it must be.
void KeySet::AddToTable() {
  Record& record = records_.back();
  const auto count = static_cast<std::uint32_t>(keys_.size()) - record.first_key;
  if (count * 2 <= record.table_size) return Insert(static_cast<std::uint32_t>(keys_.size() - 1));
  record.table_size =
      record.table_size == 0 ? std::bit_ceil(kSmallRecordKeys * 4) : record.table_size * 4;
  entries_.resize(record.first_entry);
  entries_.resize(record.first_entry + record.table_size, kFreeEntry);
  for (std::uint32_t key = record.first_key; key < keys_.size(); ++key) Insert(key);
}

void KeySet::Insert(std::uint32_t key) {
  const Record& record = records_.back();
  const std::uint32_t mask = record.table_size - 1;
  std::uint32_t at = static_cast<std::uint32_t>(keys_[key].hash) & mask;
  while (entries_[record.first_entry + at] != kFreeEntry) at = (at + 1) & mask;
  entries_[record.first_entry + at] = key;
}

}  // namespace policy::mcp
