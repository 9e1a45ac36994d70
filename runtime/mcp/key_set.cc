#include "runtime/mcp/key_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

#include "runtime/value/fold.h"
#include "runtime/value/text_hash.h"

namespace policy::mcp {

namespace {

constexpr std::uint32_t kSmallRecordKeys = 12;
constexpr std::uint32_t kFreeEntry = 0xFFFFFFFF;

std::uint64_t SecretSeed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// Small letters from capitals, in each byte of a word. It takes a few other bytes together too,
// which costs a comparison and no more.
constexpr std::uint64_t kCaseBits = 0x2020202020202020;

std::uint64_t SeededHash(std::string_view text, std::uint64_t seed, std::uint64_t bits_set) {
  const std::uint64_t factor = text_hash::kFactor ^ seed << 1;
  const char* p = text.data();
  std::size_t size = text.size();
  std::uint64_t hash = seed ^ size;
  for (; size > 8; p += 8, size -= 8) {
    hash = text_hash::Mix(hash ^ (text_hash::Load<std::uint64_t>(p) | bits_set), factor);
  }
  return text_hash::Mix(hash ^ (text_hash::LoadShort(p, size) | bits_set), factor);
}

bool IsAscii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
}

// Equal for keys that count as the same: beyond ASCII they are folded before.
std::uint64_t HashKey(std::string_view key, std::uint64_t seed, bool ignores_case) {
  if (!ignores_case) return SeededHash(key, seed, 0);
  if (IsAscii(key)) return SeededHash(key, seed, kCaseBits);
  return SeededHash(Folded(key), seed, kCaseBits);
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

const KeySet::Key* KeySet::Find(const Record& record, const Key& key) const {
  const auto is_same = [&record, &key](const Key& known) {
    return known.hash == key.hash &&
           (known.text == key.text || (record.ignores_case && EqualFolded(known.text, key.text)));
  };
  if (record.table_size == 0) {
    const auto known = std::find_if(keys_.begin() + record.first_key, keys_.end(), is_same);
    return known == keys_.end() ? nullptr : &*known;
  }
  const std::uint32_t mask = record.table_size - 1;
  for (auto at = static_cast<std::uint32_t>(key.hash) & mask;; at = (at + 1) & mask) {
    const std::uint32_t entry = entries_[record.first_entry + at];
    if (entry == kFreeEntry) return nullptr;
    if (is_same(keys_[entry])) return &keys_[entry];
  }
}

std::optional<std::string_view> KeySet::Add(std::string_view text) {
  const Record& record = records_.back();
  const Key key{HashKey(text, seed_, record.ignores_case), text};
  if (const Key* known = Find(record, key)) return known->text;
  keys_.push_back(key);
  const auto count = static_cast<std::uint32_t>(keys_.size()) - record.first_key;
  if (count > kSmallRecordKeys && count * 2 > record.table_size) {
    GrowTable();
  } else if (record.table_size != 0) {
    Insert(static_cast<std::uint32_t>(keys_.size() - 1));
  }
  return std::nullopt;
}

void KeySet::GrowTable() {
  Record& record = records_.back();
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
