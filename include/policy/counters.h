// Window counters as a decision sees them: all the charges of a call are taken in one step, or
// none.
//
// The interface is asynchronous from the first day: a store that must ask another process answers
// NeedsStore, the caller parks the call and tries the whole set again when told. A Reservation is
// resolved exactly once, whatever way a call ends: it voids itself when nobody did.
#ifndef POLICY_COUNTERS_H_
#define POLICY_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

enum class CounterWindow : std::uint8_t { Seconds, Day, Week, Month, Lifetime };

// What a counter promises of its max.
enum class CounterKind : std::uint8_t {
  Fixed,        // no more in any one of its windows
  Sliding,      // no more in any span of time as long as its window
  Bucket,       // no more than burst + time * max / window in any span of time
  Concurrency,  // no more at once: a charge is given back when its call ends
};

// What makes two counters the same, across reloads and processes: cells are kept while this is
// unchanged.
struct CounterIdentity {
  std::string
      attachment;  // (server, grant) the policy is attached to; "" for an evaluation on its own
  std::string name;
  CounterWindow window = CounterWindow::Seconds;
  std::uint32_t window_seconds = 0;  // Seconds only
  std::string zone;                  // calendar windows only, else ""
  std::uint8_t scale = 0;
  std::string scope;  // the scope kinds as text, "grant,arg:args.to"
  // Sliding and Bucket have a window of Seconds, at most kKindWindowSecondsMax; Concurrency has
  // that of a Lifetime.
  CounterKind kind = CounterKind::Fixed;

  friend bool operator==(const CounterIdentity&, const CounterIdentity&) = default;
};

// The longest window of a sliding counter or a bucket: 366 days.
inline constexpr std::uint32_t kKindWindowSecondsMax = 366 * 86'400;

class CounterTable;  // the cells of one counter: runtime/limits
struct CounterCell;  // one of them

// One charge of a call. A call charges a cell once; limits that share it are given by the smallest
// max that applies.
struct Charge {
  CounterTable* table = nullptr;  // from Counters::Open; not owned
  std::string_view scope_key;     // canonical bytes: runtime/limits/scope_key.h
  std::int64_t amount = 1;        // >= 0, at the counter's scale
  std::int64_t max = 0;           // at the counter's scale
  bool refund_on_error = false;
  std::int64_t burst = 0;  // Bucket: how much fits at once; `max` is what drains in a window
  // Fixed, in calls: while the store cannot be asked the process may use a share of its own.
  bool local_share = false;
};

// How one charge stands, filled in for every charge whatever the result is. Parallel to the charges
// of the call. The quota left is max - used (of a bucket burst - used), not below 0.
struct ChargeState {
  std::int64_t used = 0;  // after this call when granted, else before it; of a bucket rounded up
  bool is_short = false;  // this charge had no room
  bool retryable = true;  // short only; false: waiting does not help
  // Unix time when nothing of what is used counts any more: the end of the window; for Sliding and
  // Bucket none while nothing is used; none for Lifetime and Concurrency.
  std::optional<std::int64_t> window_end_ms;
  // Short and retryable only: until there is room if nothing else is charged, rounded up. None for
  // Concurrency: nobody knows when a call ends.
  std::optional<std::int64_t> retry_after_ms;
};

enum class ReserveResult : std::uint8_t {
  Granted,     // every charge was taken
  Short,       // nothing was taken; see ChargeState::is_short
  NeedsStore,  // nothing was taken; try again after the store has answered
  StoreError,  // nothing was taken; the store cannot answer: on_store_error decides
  TableFull,   // nothing was taken; a table has no free cell: deny
};

// How a call that holds a reservation ended. A charge for Concurrency is given back in any case.
enum class Settlement : std::uint8_t {
  Commit,       // it was answered with success, or its outcome is unknown after it was sent
  CommitError,  // upstream answered with an error: charges with refund_on_error are given back
  Void,         // not one byte was written upstream: every charge is given back
};

// A charge that was taken and is not settled.
struct HeldCharge {
  CounterCell* cell = nullptr;
  CounterTable* table = nullptr;
  std::int64_t mark = 0;  // Fixed: start of the window that was charged, in seconds; others: the
                          // instant of the charge, in nanoseconds
  std::int64_t amount = 0;
  // Bucket: how full it was after the charge, and what had been given back by then: 128 bits.
  std::uint64_t due_low = 0;
  std::uint64_t due_high = 0;
  bool refund_on_error = false;
  std::uint16_t resets = 0;  // of the cell, as it was charged
};

// The charges of one call. Move-only; thread-safe against other reservations, not against itself.
// Up to kInlineCharges are held without an allocation.
class Reservation {
 public:
  static constexpr std::size_t kInlineCharges = 4;

  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;  // settles its own charges as void first
  Reservation(const Reservation&) = delete;              // a charge is settled once
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();  // Void when not settled

  // Settles once; later calls do nothing. A refund goes only into the window that was charged.
  void Settle(Settlement settlement);

  // Commits with what each charge has cost in the end: one amount a charge, in the order in which
  // they were reserved. Less is given back as above. More is charged as well, also past max; where
  // the window that was charged has ended by `now_ns`, to the current one. Nothing, or an amount
  // below 0: what was reserved stands. Settles once, like Settle.
  void SettleActual(std::span<const std::optional<std::int64_t>> amounts, std::int64_t now_ns);
  bool holds_charges() const { return count_ > 0; }

 private:
  friend class CellEngine;  // runtime/limits: fills it

  void Forget();
  HeldCharge& held(std::size_t i) {
    return i < kInlineCharges ? inline_[i] : overflow_[i - kInlineCharges];
  }

  std::size_t count_ = 0;
  std::array<HeldCharge, kInlineCharges> inline_;
  std::vector<HeldCharge> overflow_;
};

// All counters of a process. Safe for concurrent use; reservations and tables must not outlive it.
class Counters {
 public:
  virtual ~Counters() = default;

  // The table of the counter, made on first use; the same table for an equal identity. Null: its
  // zone is unknown to this machine, or there are too many tables; a charge on null is a
  // StoreError.
  virtual CounterTable* Open(const CounterIdentity& identity) = 0;

  // Ends one Open, when the policy that asked for it is gone and nobody charges the table through
  // it any more (null: does nothing). A table that nobody has open keeps what was used until its
  // windows have ended and its reservations are settled: a policy edited back and forth gets no
  // fresh quota.
  virtual void Close(CounterTable* table) = 0;

  // Takes every charge, or none. `now_ns`: wall clock of the call, Unix nanoseconds, read once and
  // the same when trying again. `states` has the size of `charges`. `reservation` must hold
  // nothing. Two charges never name the same (table, scope_key).
  virtual ReserveResult TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                                   std::span<ChargeState> states, Reservation& reservation) = 0;

  // What TryReserve would answer now, taking nothing; for approvals and reports. NeedsStore means
  // the same as there: after WhenReady, peek again. Between processes `used` includes what the
  // others hold, as the store last said.
  virtual ReserveResult Peek(std::span<const Charge> charges, std::int64_t now_ns,
                             std::span<ChargeState> states) = 0;

  // After NeedsStore: calls `wake` once, from any thread and perhaps before this returns, when it
  // is worth trying again (or when the store failed). `charges` are copied.
  virtual void WhenReady(std::span<const Charge> charges, std::function<void()> wake) = 0;
};

}  // namespace policy

#endif  // POLICY_COUNTERS_H_
