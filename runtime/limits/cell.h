// One counter cell: how much of one window is used, under a lock of its own.
#ifndef RUNTIME_LIMITS_CELL_H_
#define RUNTIME_LIMITS_CELL_H_

#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "policy/counters.h"

namespace policy {

inline constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

inline std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kUnlimited : sum;
}

// What a cell knows of the pool it leases quota from. Only cells shared between processes have one.
struct CellLease {
  std::int64_t room_max = 0;   // the room below the ceiling is only for charges with at least this
                               // max: the pool was filled up to it
  std::int64_t elsewhere = 0;  // quota held by others, as the pool last said
  std::int64_t asked_ns = 0;   // clock of the newest call that found too little room
  // The pool's last refusal stands for calls from `refused_from_ns` until `refused_until_ns`, as no
  // idle quota was left anywhere: what asks no less under no more, or does not fit beside
  // `elsewhere`, has no room.
  std::int64_t refused_from_ns = 0;
  std::int64_t refused_until_ns = 0;
  std::int64_t refused_amount = 0;
  std::int64_t refused_max = 0;
  bool store_failed = false;  // the refusal is that nobody could be asked
  // The room below the ceiling is only for calls before both: the pool's window may have ended
  // after either.
  std::int64_t wall_until_ns = kUnlimited;
  std::int64_t steady_until_ns = kUnlimited;
  // Fixed: of the room, what was leased for when the store cannot be asked, or has none left.
  std::int64_t reserve = 0;
  bool is_own_share = false;  // the room is of no pool, but taken as the store cannot be asked
  // Of a flow and of Concurrency: the monotonic clock of the newest charge.
  std::int64_t charged_ns = 0;
  std::int64_t told_ns = 0;  // likewise, when the pool said what is elsewhere
  // Of a flow, on the wall clock, as the pool last said: when there is room for what was refused,
  // and when nothing is counted any more. 0: nothing was said.
  std::int64_t frees_ns = 0;
  std::int64_t clears_ns = 0;
};

// Counters that have no windows: what was charged leaves them as time goes on.
inline bool IsFlow(CounterKind kind) {
  return kind == CounterKind::Sliding || kind == CounterKind::Bucket;
}

// Invariants, with the lock held:
//  1. epoch_s, the start of the window that `used` counts, never decreases while the cell lives.
//  2. 0 <= used. Charges are in `used` from their reservation on.
//  3. A cell with outstanding > 0 is neither recycled nor freed.
// Beside a cell of a kind other than Fixed, in memory, stands what it counts with (meter.h); `used`
// is then what that says, and the epoch nothing. A flow whose quota comes from a store has none:
// its pool counts, and the cell only what is used of its one lease, whose number is the epoch.
// Cells stay where they are and are reused; a reader may lock one that was recycled meanwhile, so
// everybody checks live and the key after locking.
struct alignas(64) CounterCell {
  static constexpr std::uint32_t kInlineKeyBytesMax = 16;

  std::atomic<std::uint32_t> lock_word{0};
  std::uint32_t outstanding = 0;  // charges not yet settled
  std::int64_t epoch_s = 0;
  std::int64_t used = 0;
  std::int64_t ceiling = 0;    // how far `used` may go without asking the store
  CellLease* lease = nullptr;  // owned by the table
  std::uint32_t key_bytes = 0;
  bool live = false;
  CounterKind kind = CounterKind::Fixed;
  std::uint16_t resets = 0;  // how often an operator set it: charges of before are not given back
  union {
    char inline_key[kInlineKeyBytesMax];
    char* heap_key;  // longer keys; owned by the table
  };

  CounterCell() : inline_key{} {}

  std::string_view key() const {
    return {key_bytes <= kInlineKeyBytesMax ? inline_key : heap_key, key_bytes};
  }
  bool has_meter() const {
    return kind != CounterKind::Fixed && (lease == nullptr || !IsFlow(kind));
  }
  // Whether a new cell would say the same.
  bool is_blank() const { return used == 0 && (lease == nullptr || ceiling == 0); }
  bool Is(std::string_view wanted) const {
    if (!live || wanted.size() != key_bytes) return false;
    if (key_bytes > kInlineKeyBytesMax) return key() == wanted;
    if (key_bytes < 8) return std::memcmp(inline_key, wanted.data(), key_bytes) == 0;
    // Two overlapping words: most keys, without a call.
    const auto differ_at = [&](std::size_t at) {
      std::uint64_t mine;
      std::uint64_t theirs;
      std::memcpy(&mine, inline_key + at, sizeof(mine));
      std::memcpy(&theirs, wanted.data() + at, sizeof(theirs));
      return mine ^ theirs;
    };
    return (differ_at(0) | differ_at(key_bytes - 8)) == 0;
  }

  // Nothing between Lock and Unlock allocates, faults or does I/O. Several cells are locked in the
  // order of their addresses.
  void Lock() {
    std::uint32_t expected = kFree;
    if (!lock_word.compare_exchange_strong(expected, kLocked, std::memory_order_acquire,
                                           std::memory_order_relaxed)) [[unlikely]] {
      LockSlowly();
    }
  }

  // Ends the lease of a flow: gives what is left of it, and begins the next one, with no room. What
  // was charged beyond it stays charged; what is given back of it from now on is lost.
  // REQUIRES: the cell is locked, and a flow with a lease.
  std::int64_t EndLease() {
    const std::int64_t room = ceiling > used ? ceiling - used : 0;
    used = used > ceiling ? used - ceiling : 0;
    ceiling = 0;
    ++epoch_s;
    return room;
  }

  // A plain store is twice as fast as an exchange. A waiter that arrives between the load and the
  // store is not woken; it looks again by itself after kLockWaitMax.
  void Unlock() {
    const bool contended = lock_word.load(std::memory_order_relaxed) == kContended;
    lock_word.store(kFree, std::memory_order_release);
    if (contended) [[unlikely]] {
      WakeWaiter();
    }
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kLocked = 1;
  static constexpr std::uint32_t kContended = 2;  // locked, and somebody sleeps

  void LockSlowly();
  void WakeWaiter();
};

static_assert(sizeof(CounterCell) == 64, "a cell is one cache line");

}  // namespace policy

#endif  // RUNTIME_LIMITS_CELL_H_
