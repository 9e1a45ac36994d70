// Window counters as a decision sees them: all the charges of a call are taken in one step, or
// none.
//
// The interface is asynchronous from the first day: a store that must ask another process answers
// NeedsStore, the caller parks the call and tries the whole set again when told. A Reservation is
// resolved exactly once, whatever way a call ends: it voids itself when nobody did.
#ifndef POLICY_COUNTERS_H_
#define POLICY_COUNTERS_H_

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

  friend bool operator==(const CounterIdentity&, const CounterIdentity&) = default;
};

class CounterTable;  // the cells of one counter: runtime/limits

// One charge of a call. A call charges a cell once; limits that share it are given by the smallest
// max that applies.
struct Charge {
  CounterTable* table = nullptr;  // from Counters::Open; not owned
  std::string_view scope_key;     // canonical bytes: runtime/limits/scope_key.h
  std::int64_t amount = 1;        // >= 0, at the counter's scale
  std::int64_t max = 0;           // at the counter's scale
  bool refund_on_error = false;
};

// How one charge stands. Parallel to the charges of the call.
struct ChargeState {
  std::int64_t used = 0;  // before this call when short, after it when granted
  bool is_short = false;
  bool retryable = true;
  std::optional<std::int64_t> window_end_ms;   // Unix time
  std::optional<std::int64_t> retry_after_ms;  // short only
};

enum class ReserveResult : std::uint8_t {
  Granted,     // every charge was taken
  Short,       // nothing was taken; see ChargeState::is_short
  NeedsStore,  // nothing was taken; try again after the store has answered
  StoreError,  // nothing was taken; the store cannot answer: on_store_error decides
  TableFull,   // nothing was taken; a table has no free cell: deny
};

// How a call that holds a reservation ended.
enum class Settlement : std::uint8_t {
  Commit,       // it was answered with success, or its outcome is unknown after it was sent
  CommitError,  // upstream answered with an error: charges with refund_on_error are given back
  Void,         // not one byte was written upstream: every charge is given back
};

// The charges of one call. Move-only; thread-safe against other reservations, not against itself.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&&) noexcept;
  Reservation& operator=(Reservation&&) noexcept;
  Reservation(const Reservation&) = delete;  // a charge is settled once
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();  // Void when not settled

  // Settles once; later calls do nothing. A refund goes only into the window that was charged.
  void Settle(Settlement settlement);
  bool holds_charges() const { return !held_.empty(); }

  struct Held;  // runtime/limits

 private:
  friend class Counters;
  friend class ReservationAccess;  // runtime/limits: fills held_
  std::vector<Held> held_;
};

// All counters of a process. Safe for concurrent use; reservations and tables must not outlive it.
class Counters {
 public:
  virtual ~Counters() = default;

  // The table of the counter, made on first use; the same table for an equal identity. A table that
  // no policy has opened since the last Retire keeps its cells until its reservations are settled.
  virtual CounterTable* Open(const CounterIdentity& identity) = 0;

  // Takes every charge, or none. `now_ns`: wall clock of the call, Unix nanoseconds. `states` has
  // the size of `charges`. `reservation` must hold nothing. Two charges never name the same (table,
  // scope_key).
  virtual ReserveResult TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                                   std::span<ChargeState> states, Reservation& reservation) = 0;

  // After NeedsStore: calls `wake` once, from any thread, when it is worth trying again (or when
  // the store failed).
  virtual void WhenReady(std::span<const Charge> charges, std::function<void()> wake) = 0;
};

}  // namespace policy

#endif  // POLICY_COUNTERS_H_
