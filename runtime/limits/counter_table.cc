#include "runtime/limits/counter_table.h"

#include <algorithm>
#include <new>
#include <type_traits>
#include <utility>

#include "policy/check.h"
#include "runtime/limits/meter.h"

namespace policy {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::size_t kFirstIndexEntries = 8;
constexpr std::size_t kFirstBlockCells = 2;
constexpr std::size_t kBlockBytesMax = kHugePageBytes;
constexpr std::size_t kSweepSteps = 4;        // old cells looked at for each new one
constexpr std::size_t kSweepStepsFull = 256;  // in each shard, when there is no room

}  // namespace

CellBlock::CellBlock(std::size_t count, std::size_t cell_bytes)
    : cell_bytes_(cell_bytes), memory_(count * cell_bytes) {
  static_assert(std::is_trivially_destructible_v<CounterCell>);
  for (std::size_t i = 0; i < count; ++i) new (at(i)) CounterCell;
}

CounterTable::Index::Index(std::size_t size)
    : mask(size - 1),
      memory(size * sizeof(std::atomic<Entry>)),
      entries(reinterpret_cast<std::atomic<Entry>*>(memory.data())) {
  for (std::size_t i = 0; i < size; ++i) new (&entries[i]) std::atomic<Entry>(0);
}

CounterTable::CounterTable(const CounterIdentity& identity, const WindowCalendar& calendar,
                           const Options& options)
    : identity_(identity), calendar_(calendar), options_(options) {
  CHECK(options_.budget != nullptr);
}

CounterTable::~CounterTable() {
  for (Shard& shard : shards_) {
    const Index* index = shard.index.load(std::memory_order_acquire);
    if (index == nullptr) continue;
    for (std::size_t i = 0; i <= index->mask; ++i) {
      CounterCell* cell = CellOf(index->entries[i].load(std::memory_order_relaxed));
      if (cell == nullptr) continue;
      CHECK(cell->outstanding == 0);  // reservations must not outlive their table
      if (cell->key_bytes > CounterCell::kInlineKeyBytesMax) delete[] cell->heap_key;
      delete cell->lease;
    }
  }
  options_.budget->GiveBack(cell_count() * CellLines());
}

std::size_t CounterTable::CellLines() const {
  return (sizeof(CounterCell) + (has_meter() ? MeterBytes(kind()) : 0)) / sizeof(CounterCell);
}

std::int64_t CounterTable::SpanNanoseconds() const {
  return kind() == CounterKind::Concurrency ? options_.permit_ns
                                            : identity_.window_seconds * kNanosecondsPerSecond;
}

Window CounterTable::LookUpWindow(std::int64_t unix_s) {
  const Window window = calendar_.At(unix_s);
  if (window.end_s != kNoEnd && window.end_s - window.start_s <= kWindowLengthMax &&
      window.start_s < kWindowStartMax && window.start_s > -kWindowStartMax) {
    last_window_.store((static_cast<std::uint64_t>(window.start_s) << kWindowLengthBits) |
                           static_cast<std::uint64_t>(window.end_s - window.start_s),
                       std::memory_order_relaxed);
  }
  return window;
}

CounterTable::Entry CounterTable::EntryOf(CounterCell* cell, std::uint64_t hash) {
  const auto address = reinterpret_cast<std::uintptr_t>(cell);
  CHECK((address >> (kAddressBits + kAddressShift)) == 0);
  return (address >> kAddressShift) | TagOf(hash);
}

CounterCell* CounterTable::FindInShard(const Shard& shard, std::string_view key,
                                       std::uint64_t hash) const {
  const Index* index = shard.index.load(std::memory_order_relaxed);
  if (index == nullptr) return nullptr;
  for (std::size_t probe = 0; probe <= index->mask; ++probe) {
    const Entry entry =
        index->entries[(hash + probe) & index->mask].load(std::memory_order_relaxed);
    if (entry == 0) return nullptr;
    // Keys change only under the shard's mutex, so this one may be read without the cell's lock.
    if (CellOf(entry)->Is(key)) return CellOf(entry);
  }
  return nullptr;
}

CounterCell* CounterTable::FindConfirmed(std::string_view key, std::uint64_t hash) {
  Shard& shard = ShardOf(hash);
  const std::scoped_lock guard(shard.mutex);
  return FindInShard(shard, key, hash);
}

CounterCell* CounterTable::FindOrInsert(std::string_view key, std::uint64_t hash,
                                        const Window& now) {
  Shard& shard = ShardOf(hash);
  if (CounterCell* cell = TryInsert(shard, key, hash, now)) return cell;
  // Full. Ended cells may lie in any shard; one shard at a time, so that none waits for two.
  for (Shard& swept : shards_) {
    const std::scoped_lock guard(swept.mutex);
    Sweep(swept, now, kSweepStepsFull);
  }
  return TryInsert(shard, key, hash, now);
}

CounterCell* CounterTable::TryInsert(Shard& shard, std::string_view key, std::uint64_t hash,
                                     const Window& now) {
  const std::scoped_lock guard(shard.mutex);
  if (CounterCell* known = FindInShard(shard, key, hash)) return known;
  Sweep(shard, now, kSweepSteps);
  CounterCell* cell = NewCell();
  if (cell == nullptr) return nullptr;
  char* heap_key = nullptr;
  if (key.size() > CounterCell::kInlineKeyBytesMax) {
    heap_key = new char[key.size()];
    std::memcpy(heap_key, key.data(), key.size());
  }
  CellLease* lease = options_.leased ? new CellLease : nullptr;
  cell->Lock();  // a late reader may still hold the address of a recycled cell
  DCHECK(!cell->live && cell->outstanding == 0);
  cell->key_bytes = static_cast<std::uint32_t>(key.size());
  if (heap_key != nullptr) {
    cell->heap_key = heap_key;
  } else {
    std::memcpy(cell->inline_key, key.data(), key.size());
  }
  cell->lease = lease;
  cell->live = true;
  cell->epoch_s = std::max(now.start_s, shard.recycled_epoch_s);
  cell->used = 0;
  cell->ceiling = options_.leased ? 0 : kUnlimited;
  cell->kind = kind();
  if (has_meter()) {
    MakeMeter(*cell, SpanNanoseconds(), shard.recycled_ns);
  }
  cell->Unlock();
  Publish(shard, cell, hash);
  return cell;
}

void CounterTable::Advance(CounterCell& cell, std::int64_t epoch_s) const {
  DCHECK(epoch_s > cell.epoch_s);
  cell.epoch_s = epoch_s;
  cell.used = 0;
  if (cell.lease != nullptr) {
    cell.ceiling = 0;
    *cell.lease = CellLease{};
  }
}

void CounterTable::Set(CounterCell& cell, std::int64_t used, std::int64_t now_ns) {
  CHECK(cell.lease == nullptr && used >= 0);
  ++cell.resets;
  if (kind() != CounterKind::Fixed) return SetMeter(cell, SpanNanoseconds(), used, now_ns);
  cell.used = used;
  cell.epoch_s = std::max(cell.epoch_s, WindowAt(FloorSeconds(now_ns)).start_s);
}

bool CounterTable::Idle(std::int64_t unix_s) {
  const Window now = WindowAt(unix_s);
  bool idle = true;
  ForEachCell([&](CounterCell& cell) {
    cell.Lock();
    if (cell.outstanding > 0 || !(HasEnded(cell, now) || cell.is_blank())) idle = false;
    cell.Unlock();
  });
  return idle;
}

bool CounterTable::HasEnded(const CounterCell& cell, const Window& now) const {
  if (kind() == CounterKind::Fixed) return cell.epoch_s < now.start_s;
  if (!has_meter()) {  // what is left of its lease may be used no longer
    return cell.lease->wall_until_ns <= now.start_s * kNanosecondsPerSecond;
  }
  // A window without an end began long ago.
  return now.start_s > 0 && MeterEmptyAt(cell) <= now.start_s * kNanosecondsPerSecond;
}

void CounterTable::ForEachCell(const std::function<void(CounterCell&)>& visit) {
  for (Shard& shard : shards_) {
    const std::scoped_lock guard(shard.mutex);
    const Index* index = shard.index.load(std::memory_order_relaxed);
    if (index == nullptr) continue;
    for (std::size_t i = 0; i <= index->mask; ++i) {
      CounterCell* cell = CellOf(index->entries[i].load(std::memory_order_relaxed));
      if (cell == nullptr) continue;
      visit(*cell);
    }
  }
}

CounterCell* CounterTable::NewCell() {
  const std::scoped_lock guard(memory_mutex_);
  if (!free_cells_.empty()) {
    CounterCell* cell = free_cells_.back();
    free_cells_.pop_back();
    return cell;
  }
  // Cells stay counted while they lie on the free list: the budget is of memory.
  if (cell_count() >= options_.cells_max || !options_.budget->Take(CellLines())) return nullptr;
  cell_count_.fetch_add(1, std::memory_order_relaxed);
  if (last_block_used_ == last_block_cells_) {
    const std::size_t cells_max = kBlockBytesMax / (CellLines() * sizeof(CounterCell));
    last_block_cells_ = std::clamp(last_block_cells_ * 2, kFirstBlockCells, cells_max);
    last_block_used_ = 0;
    blocks_.emplace_back(last_block_cells_, CellLines() * sizeof(CounterCell));
  }
  return blocks_.back().at(last_block_used_++);
}

void CounterTable::Grow(Shard& shard) {
  const Index* old = shard.index.load(std::memory_order_relaxed);
  const std::size_t size = old == nullptr ? kFirstIndexEntries : (old->mask + 1) * 2;
  auto grown = std::make_unique<Index>(size);
  for (std::size_t i = 0; old != nullptr && i <= old->mask; ++i) {
    CounterCell* cell = CellOf(old->entries[i].load(std::memory_order_relaxed));
    if (cell == nullptr) continue;
    const std::uint64_t hash = Hash(cell->key());
    std::size_t position = hash & grown->mask;
    while (grown->entries[position].load(std::memory_order_relaxed) != 0) {
      position = (position + 1) & grown->mask;
    }
    grown->entries[position].store(EntryOf(cell, hash), std::memory_order_relaxed);
  }
  shard.indices.push_back(std::move(grown));
  shard.index.store(shard.indices.back().get(), std::memory_order_release);
}

void CounterTable::Publish(Shard& shard, CounterCell* cell, std::uint64_t hash) {
  const Index* index = shard.index.load(std::memory_order_relaxed);
  if (index == nullptr || (shard.cells + 1) * 8 > (index->mask + 1) * 5) {
    Grow(shard);
    index = shard.index.load(std::memory_order_relaxed);
  }
  std::size_t position = hash & index->mask;
  while (index->entries[position].load(std::memory_order_relaxed) != 0) {
    position = (position + 1) & index->mask;
  }
  index->entries[position].store(EntryOf(cell, hash), std::memory_order_release);
  ++shard.cells;
}

void CounterTable::Sweep(Shard& shard, const Window& now, std::size_t steps) {
  const Index* index = shard.index.load(std::memory_order_relaxed);
  if (index == nullptr) return;
  for (std::size_t step = 0; step < std::min(steps, index->mask + 1); ++step) {
    const std::size_t position = shard.sweep_position & index->mask;
    CounterCell* cell = CellOf(index->entries[position].load(std::memory_order_relaxed));
    if (cell != nullptr && Recycle(shard, *cell, now)) {
      Remove(*index, position);  // may move another cell here: look at the position again
    } else {
      ++shard.sweep_position;
    }
  }
}

bool CounterTable::Recycle(Shard& shard, CounterCell& cell, const Window& now) {
  cell.Lock();
  // A cell that says nothing goes too, so that refused calls cannot fill the table.
  const bool has_ended = HasEnded(cell, now);
  if (cell.outstanding > 0 || !(has_ended || cell.is_blank())) {
    cell.Unlock();
    return false;
  }
  cell.live = false;
  if (cell.kind == CounterKind::Fixed) {
    const std::int64_t epoch_s = has_ended ? now.start_s : cell.epoch_s;
    shard.recycled_epoch_s = std::max(shard.recycled_epoch_s, epoch_s);
  } else if (has_meter()) {
    shard.recycled_ns = std::max(shard.recycled_ns, MeterEmptyAt(cell));
  }
  CellLease* lease = std::exchange(cell.lease, nullptr);
  cell.Unlock();
  // The key still stands for Remove; nobody reads it but under the shard's mutex, as live is false.
  delete lease;
  --shard.cells;
  return true;
}

void CounterTable::Remove(const Index& index, std::size_t position) {
  CounterCell* removed = CellOf(index.entries[position].load(std::memory_order_relaxed));
  // Close the gap: a later entry moves here if its home is not after the gap. It is written here
  // before it is cleared there, so a reader meets it twice or once.
  std::size_t gap = position;
  for (std::size_t next = (gap + 1) & index.mask;; next = (next + 1) & index.mask) {
    const Entry entry = index.entries[next].load(std::memory_order_relaxed);
    if (entry == 0) break;
    const std::size_t home = Hash(CellOf(entry)->key()) & index.mask;
    if (((next - home) & index.mask) < ((next - gap) & index.mask)) continue;
    index.entries[gap].store(entry, std::memory_order_release);
    gap = next;
  }
  index.entries[gap].store(0, std::memory_order_release);
  if (removed->key_bytes > CounterCell::kInlineKeyBytesMax) delete[] removed->heap_key;
  removed->key_bytes = 0;
  const std::scoped_lock guard(memory_mutex_);
  free_cells_.push_back(removed);
}

}  // namespace policy
