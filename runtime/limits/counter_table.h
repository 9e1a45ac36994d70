// The cells of one counter, found by scope key.
//
// Thread safety: every function may be called at any time by any thread. Looking up takes no lock:
// it follows an open-addressing index of cell addresses whose entries are atomics. A look-up that
// races with a change may miss a key that is there, or come back with a cell that was recycled; so
// a miss is confirmed by FindConfirmed or FindOrInsert under the shard's mutex, and the caller
// checks a cell's key once it has locked it.
//
// Memory: cells and outgrown indices are given back only with the table. An ended window's cell is
// reused for another key. Nothing live is ever evicted.
#ifndef RUNTIME_LIMITS_COUNTER_TABLE_H_
#define RUNTIME_LIMITS_COUNTER_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "policy/counters.h"
#include "runtime/limits/cell.h"
#include "runtime/limits/key_hash.h"
#include "runtime/limits/large_memory.h"
#include "runtime/limits/window.h"

namespace policy {

// The memory that the cells of one Counters may use together, in cache lines: a cell of a fixed
// counter is one.
class CellBudget {
 public:
  explicit CellBudget(std::size_t lines_max) : lines_max_(lines_max) {}

  bool Take(std::size_t lines) {
    if (used_.fetch_add(lines, std::memory_order_relaxed) + lines <= lines_max_) return true;
    GiveBack(lines);
    return false;
  }
  void GiveBack(std::size_t lines) { used_.fetch_sub(lines, std::memory_order_relaxed); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t lines_max_;
  std::atomic<std::size_t> used_{0};
};

// Cells side by side, each with what stands beside it.
class CellBlock {
 public:
  CellBlock(std::size_t count, std::size_t cell_bytes);

  CounterCell* at(std::size_t i) const {
    return reinterpret_cast<CounterCell*>(memory_.data() + i * cell_bytes_);
  }

 private:
  std::size_t cell_bytes_;
  LargeMemory memory_;
};

class CounterTable {
 public:
  struct Options {
    std::size_t cells_max = 0;     // of this table
    CellBudget* budget = nullptr;  // of all tables; outlives this one
    HashSecret secret;
    bool leased = false;         // cells start with no quota of their own and ask a store for it
    std::int64_t permit_ns = 0;  // Concurrency: how long a charge is held at most
    std::atomic<std::uint64_t>* overdue = nullptr;  // counts what was; outlives this table
  };

  // REQUIRES: WindowCalendar::Make(identity) succeeded with `calendar`.
  CounterTable(const CounterIdentity& identity, const WindowCalendar& calendar,
               const Options& options);
  ~CounterTable();
  CounterTable(const CounterTable&) = delete;  // cells are referred to by address
  CounterTable& operator=(const CounterTable&) = delete;

  const CounterIdentity& identity() const { return identity_; }
  bool leased() const { return options_.leased; }
  CounterKind kind() const { return identity_.kind; }
  // Whether the cells count by a meter of their own.
  bool has_meter() const { return kind() != CounterKind::Fixed && !(leased() && IsFlow(kind())); }
  void CountOverdue(std::int64_t units) {
    if (units > 0) [[unlikely]] {
      options_.overdue->fetch_add(static_cast<std::uint64_t>(units), std::memory_order_relaxed);
    }
  }
  std::uint64_t Hash(std::string_view key) const { return HashKey(key, options_.secret); }

  // The window at `unix_s`; without looking at the calendar while that is still the last one asked
  // for.
  Window WindowAt(std::int64_t unix_s) {
    const std::uint64_t packed = last_window_.load(std::memory_order_relaxed);
    const std::int64_t start_s = static_cast<std::int64_t>(packed) >> kWindowLengthBits;
    const std::int64_t length_s = static_cast<std::int64_t>(packed) & kWindowLengthMax;
    if (unix_s >= start_s && unix_s - start_s < length_s) [[likely]] {
      return {start_s, start_s + length_s};
    }
    return LookUpWindow(unix_s);
  }

  // The cell that a key of this hash most likely has. Null: no such key, or the look-up raced with
  // a change.
  CounterCell* Find(std::uint64_t hash) const {
    const Index* index = ShardOf(hash).index.load(std::memory_order_acquire);
    if (index == nullptr) return nullptr;
    for (std::size_t probe = 0; probe <= index->mask; ++probe) {
      const Entry entry =
          index->entries[(hash + probe) & index->mask].load(std::memory_order_acquire);
      if (entry == 0) return nullptr;
      // 22 bits agree by chance in one probe of four million; the caller sees by the key.
      if ((entry & ~kAddressMask) == TagOf(hash)) return CellOf(entry);
    }
    return nullptr;
  }

  // Null: no such key, for sure at some moment during the call.
  CounterCell* FindConfirmed(std::string_view key, std::uint64_t hash);

  // The key's cell, made in the window `now` (or a newer one, if cells of it were recycled
  // already). Null: the table is full of live cells. Looks at a bounded number of old cells to
  // reuse.
  CounterCell* FindOrInsert(std::string_view key, std::uint64_t hash, const Window& now);

  // Sets a locked cell to the window that begins at `epoch_s`, empty. REQUIRES: it is newer than
  // the cell's.
  void Advance(CounterCell& cell, std::int64_t epoch_s) const;

  // An operator sets what is used of a locked cell in the window of `now_ns`, or now. What was
  // charged before is not given back any more. REQUIRES: the cell asks no store.
  void Set(CounterCell& cell, std::int64_t used, std::int64_t now_ns);

  // Whether nothing is known that a fresh table would not know at `unix_s`: every window with a
  // charge has ended, and no reservation is outstanding.
  bool Idle(std::int64_t unix_s);

  // Calls `visit` with the key's cell, locked, if there is one; or makes it, as FindOrInsert does.
  template <typename Visit>
  void VisitCell(std::string_view key, const Visit& visit) {
    VisitLocked(key, [&] { return FindConfirmed(key, Hash(key)); }, visit);
  }
  template <typename Visit>
  void VisitOrInsert(std::string_view key, const Window& now, const Visit& visit) {
    VisitLocked(key, [&] { return FindOrInsert(key, Hash(key), now); }, visit);
  }

  // Calls `visit` with each live cell, not locked. No cell is added or recycled meanwhile.
  void ForEachCell(const std::function<void(CounterCell&)>& visit);

  std::size_t cell_count() const { return cell_count_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kShards = 8;

  // An index entry is a cell's address without its low six zero bits, with bits of the hash above,
  // so that a probe seldom touches a cell in vain. 0: free.
  using Entry = std::uint64_t;
  struct Index {
    explicit Index(std::size_t size);
    std::size_t mask;
    LargeMemory memory;
    std::atomic<Entry>* entries;  // in memory
  };
  struct alignas(64) Shard {
    std::atomic<const Index*> index{nullptr};
    std::mutex mutex;  // over everything below, and over changes to the index
    std::vector<std::unique_ptr<Index>>
        indices;  // the last is in use; readers may be in the others
    std::size_t cells = 0;
    std::size_t sweep_position = 0;
    std::int64_t recycled_epoch_s = INT64_MIN;  // no cell begins before a window that was recycled
    std::int64_t recycled_ns = 0;               // likewise, of cells with a meter
  };

  static constexpr int kAddressShift = 6;  // cells are aligned to 64 bytes
  static constexpr int kAddressBits = 42;  // of 48-bit addresses
  static constexpr Entry kAddressMask = (Entry{1} << kAddressBits) - 1;

  // A window packed into a word, so that it is read whole: its start and length.
  static constexpr int kWindowLengthBits = 24;
  static constexpr std::int64_t kWindowLengthMax = (std::int64_t{1} << kWindowLengthBits) - 1;
  static constexpr std::int64_t kWindowStartMax = std::int64_t{1} << 38;

  // The shard takes the top bits of the hash, the tag those below, the position the low ones.
  static Entry TagOf(std::uint64_t hash) { return (hash >> 36) << kAddressBits; }
  static CounterCell* CellOf(Entry entry) {
    return reinterpret_cast<CounterCell*>((entry & kAddressMask) << kAddressShift);
  }
  static Entry EntryOf(CounterCell* cell, std::uint64_t hash);
  Shard& ShardOf(std::uint64_t hash) { return shards_[hash >> 61]; }
  const Shard& ShardOf(std::uint64_t hash) const { return shards_[hash >> 61]; }

  Window LookUpWindow(std::int64_t unix_s);
  std::size_t CellLines() const;
  std::int64_t SpanNanoseconds() const;  // of a cell with a meter
  // Whether what the cell counts is of no account in the window `now`.
  bool HasEnded(const CounterCell& cell, const Window& now) const;
  template <typename Find, typename Visit>
  static void VisitLocked(std::string_view key, const Find& find, const Visit& visit) {
    while (CounterCell* cell = find()) {
      cell->Lock();
      const bool is_it = cell->Is(key);  // or it was recycled meanwhile
      if (is_it) visit(*cell);
      cell->Unlock();
      if (is_it) return;
    }
  }

  CounterCell* FindInShard(const Shard& shard, std::string_view key, std::uint64_t hash) const;
  CounterCell* TryInsert(Shard& shard, std::string_view key, std::uint64_t hash, const Window& now);
  CounterCell* NewCell();
  void Grow(Shard& shard);
  void Publish(Shard& shard, CounterCell* cell, std::uint64_t hash);
  void Sweep(Shard& shard, const Window& now, std::size_t steps);
  bool Recycle(Shard& shard, CounterCell& cell, const Window& now);
  void Remove(const Index& index, std::size_t position);

  const CounterIdentity identity_;
  const WindowCalendar calendar_;
  const Options options_;
  std::atomic<std::uint64_t> last_window_{0};  // start (40 bits) and length (24 bits, 0: none)
  std::atomic<std::size_t> cell_count_{0};
  std::array<Shard, kShards> shards_;
  std::mutex memory_mutex_;  // over the rest; taken after a shard's
  std::vector<CellBlock> blocks_;
  std::size_t last_block_cells_ = 0;
  std::size_t last_block_used_ = 0;
  std::vector<CounterCell*> free_cells_;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_COUNTER_TABLE_H_
