#include "runtime/limits/cell_engine.h"

#include <sys/random.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>

#include "policy/check.h"
#include "runtime/limits/identity_key.h"
#include "runtime/limits/meter.h"

namespace policy {
namespace {

// Some functions here are always inlined: they are most of a decision's time, and the compiler does
// not inline what is called from two places.

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

// One charge of the call at hand. Begin sets it: nothing is cleared for calls with few charges.
struct Step {
  CounterCell* cell;
  const Charge* charge;
  std::uint64_t hash;
  Window window;         // at the call's clock
  std::int64_t epoch_s;  // of the cell, as it was judged
  std::int64_t used;     // likewise, by everybody, before the call
  std::int64_t free_ns;  // a meter's: when there is room, where there is not
  std::int64_t end_ns;   // a meter's: when nothing is counted any more, where something is, or 0
  ReserveResult result;
};

// Room for one T a charge, on the stack for calls of the usual size. Not cleared.
template <typename T>
class PerCharge {
 public:
  explicit PerCharge(std::size_t count) {
    if (count > kInline) heap_ = std::make_unique<T[]>(count);
    data_ = count > kInline ? heap_.get() : reinterpret_cast<T*>(inline_);
  }
  T* data() { return data_; }

 private:
  static_assert(std::is_trivially_destructible_v<T>);
  static constexpr std::size_t kInline = 4;
  T* data_;
  std::unique_ptr<T[]> heap_;
  alignas(T) std::byte inline_[kInline * sizeof(T)];
};

// How far what is used may go.
std::int64_t MostOf(const Charge& charge) {
  return charge.table->kind() == CounterKind::Bucket ? charge.burst : charge.max;
}

bool Fits(const Charge& charge, std::int64_t used) {
  const std::int64_t most = MostOf(charge);
  return charge.max > 0 && charge.amount <= most && used <= most - charge.amount;
}

// Whether waiting can ever help a charge that found no room.
bool IsRetryable(const Charge& charge) {
  return Fits(charge, 0) && (charge.table->identity().window != CounterWindow::Lifetime ||
                             charge.table->kind() == CounterKind::Concurrency);
}

// What a cell whose quota comes from a store answers. REQUIRES: the cell is locked and has a lease.
ReserveResult JudgeLease(const CounterCell& cell, const Charge& charge, std::int64_t used,
                         std::int64_t now_ns, std::int64_t steady_ns) {
  const CellLease& lease = *cell.lease;
  const std::int64_t room = cell.ceiling - used;
  const bool is_alive = now_ns < lease.wall_until_ns && steady_ns < lease.steady_until_ns;
  const bool is_usable =
      is_alive && MostOf(charge) >= lease.room_max && (charge.local_share || !lease.is_own_share);
  if (is_usable && charge.amount <= room - lease.reserve) return ReserveResult::Granted;
  const bool refusal_stands = now_ns >= lease.refused_from_ns && now_ns < lease.refused_until_ns;
  if (refusal_stands && is_usable && charge.amount <= room) return ReserveResult::Granted;
  if (!refusal_stands) return ReserveResult::NeedsStore;
  if (lease.store_failed) return ReserveResult::StoreError;
  const bool asks_no_less =
      charge.amount >= lease.refused_amount && MostOf(charge) <= lease.refused_max;
  const bool fits = Fits(charge, SaturatingAdd(used, lease.elsewhere));
  return asks_no_less || !fits ? ReserveResult::Short : ReserveResult::NeedsStore;
}

// Judge for a flow whose quota comes from a store.
void JudgeFlow(Step& step, std::int64_t now_ns, std::int64_t steady_ns) {
  const Charge& charge = *step.charge;
  step.end_ns = 0;
  step.free_ns = 0;
  if (!Fits(charge, 0)) {
    step.result = ReserveResult::Short;
  } else if (step.cell == nullptr) {
    step.result = ReserveResult::NeedsStore;
  } else {
    step.result = JudgeLease(*step.cell, charge, step.cell->used, now_ns, steady_ns);
  }
  if (step.cell == nullptr) return;
  const CellLease& lease = *step.cell->lease;
  step.used = SaturatingAdd(step.cell->used, lease.elsewhere);
  step.end_ns = step.used > 0 ? lease.clears_ns : 0;
  step.free_ns = std::max(lease.frees_ns, now_ns);
}

// Judge for a cell with a meter. Time moves on for the cell.
void JudgeMeter(Step& step, std::int64_t now_ns, std::int64_t steady_ns) {
  const Charge& charge = *step.charge;
  step.end_ns = 0;
  step.free_ns = 0;
  if (step.cell == nullptr) {
    const ReserveResult fresh =
        charge.table->leased() ? ReserveResult::NeedsStore : ReserveResult::Granted;
    step.result = Fits(charge, 0) ? fresh : ReserveResult::Short;
    return;
  }
  CounterCell& cell = *step.cell;
  charge.table->CountOverdue(AdvanceMeter(cell, charge, now_ns));
  step.used = cell.used;
  step.result = MeterFits(cell, charge) ? ReserveResult::Granted : ReserveResult::Short;
  if (step.result == ReserveResult::Short && IsRetryable(charge)) {
    step.free_ns = MeterFitsAt(cell, charge);
  }
  if (cell.used > 0) step.end_ns = MeterEmptyAt(cell);
  if (cell.lease == nullptr) return;
  if (step.result == ReserveResult::Granted) {
    step.result = JudgeLease(cell, charge, cell.used, now_ns, steady_ns);
  }
  step.used = SaturatingAdd(cell.used, cell.lease->elsewhere);
}

// Looks at one charge. REQUIRES: the cell is locked, or null (nothing was ever charged).
[[gnu::always_inline]] inline void Judge(Step& step, std::int64_t now_ns, std::int64_t steady_ns) {
  const Charge& charge = *step.charge;
  if (charge.table->kind() != CounterKind::Fixed) {
    return charge.table->has_meter() ? JudgeMeter(step, now_ns, steady_ns)
                                     : JudgeFlow(step, now_ns, steady_ns);
  }
  const CounterCell* cell = step.cell;
  const bool is_current = cell != nullptr && cell->epoch_s >= step.window.start_s;
  const std::int64_t used = is_current ? cell->used : 0;
  step.epoch_s = is_current ? cell->epoch_s : step.window.start_s;
  step.used = used;
  if (!Fits(charge, used)) {
    step.result = ReserveResult::Short;
  } else if (!charge.table->leased()) {
    step.result = ReserveResult::Granted;
  } else {
    step.result =
        is_current ? JudgeLease(*cell, charge, used, now_ns, steady_ns) : ReserveResult::NeedsStore;
  }
  if (is_current && cell->lease != nullptr) {
    step.used = SaturatingAdd(used, cell->lease->elsewhere);
  }
}

// One answer for the call: what waiting for the store cannot mend comes first, what the agent can
// act on before that.
ReserveResult Combine(std::span<const Step> steps) {
  constexpr auto rank = [](ReserveResult result) {
    switch (result) {
      case ReserveResult::Granted:
        return 0;
      case ReserveResult::NeedsStore:
        return 1;
      case ReserveResult::StoreError:
        return 2;
      case ReserveResult::TableFull:
        return 3;
      case ReserveResult::Short:
        return 4;
    }
    return 4;
  };
  ReserveResult combined = ReserveResult::Granted;
  for (const Step& step : steps) {
    if (step.result == ReserveResult::Granted) [[likely]] {
      continue;
    }
    if (rank(step.result) > rank(combined)) combined = step.result;
  }
  return combined;
}

std::int64_t CeilMilliseconds(std::int64_t nanoseconds) {
  return FloorDivide(nanoseconds + kNanosecondsPerMillisecond - 1, kNanosecondsPerMillisecond);
}

void ReportMeter(const Step& step, std::int64_t now_ns, ChargeState& state) {
  if (step.charge->table->kind() == CounterKind::Concurrency) return;
  if (step.end_ns != 0) state.window_end_ms = CeilMilliseconds(step.end_ns);
  if (state.is_short && state.retryable) {
    // A cell that refuses a charge has seen the call's clock, or a later one.
    state.retry_after_ms = CeilMilliseconds(step.free_ns - std::min(now_ns, kInstantMax));
  }
}

// Fills in what the call is told. After the locks are released: the end of a window other than the
// clock's own needs the calendar.
void Report(std::span<const Step> steps, std::int64_t now_ns, std::span<ChargeState> states) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const Charge& charge = *step.charge;
    ChargeState& state = states[i];
    state = ChargeState{};
    if (charge.table == nullptr) continue;
    state.used = step.used;
    state.is_short = step.result == ReserveResult::Short;
    state.retryable = !state.is_short || IsRetryable(charge);
    if (charge.table->kind() != CounterKind::Fixed) {
      ReportMeter(step, now_ns, state);
      continue;
    }
    const Window window =
        step.epoch_s == step.window.start_s ? step.window : charge.table->WindowAt(step.epoch_s);
    if (window.end_s == kNoEnd) continue;
    state.window_end_ms = window.end_s * 1000;
    if (!state.is_short || !state.retryable) continue;
    // Rounded up, so that the window has ended by then.
    const std::int64_t now_floor_ms = FloorDivide(now_ns, kNanosecondsPerMillisecond);
    state.retry_after_ms = *state.window_end_ms - now_floor_ms;
  }
}

// The cells of a call, locked in the order of their addresses while this lives.
class LockedCells {
 public:
  [[gnu::always_inline]] explicit LockedCells(std::span<const Step> steps) : cells_(steps.size()) {
    CounterCell** cells = cells_.data();
    for (const Step& step : steps) {
      if (step.cell == nullptr) continue;
      std::size_t place = count_++;
      for (; place > 0 && cells[place - 1] > step.cell; --place) cells[place] = cells[place - 1];
      cells[place] = step.cell;
      CHECK(place == 0 || cells[place - 1] != step.cell);  // or the call would wait for itself
    }
    for (std::size_t i = 0; i < count_; ++i) cells[i]->Lock();
  }
  ~LockedCells() {
    CounterCell** cells = cells_.data();
    for (std::size_t i = 0; i < count_; ++i) cells[i]->Unlock();
  }
  LockedCells(const LockedCells&) = delete;  // unlocks once
  LockedCells& operator=(const LockedCells&) = delete;

 private:
  std::size_t count_ = 0;
  PerCharge<CounterCell*> cells_;
};

// A cell that was found but belongs to another key by now, if any. REQUIRES: the cells are locked.
[[gnu::always_inline]] inline Step* FindRecycled(std::span<Step> steps) {
  for (Step& step : steps) {
    if (step.cell != nullptr && !step.cell->Is(step.charge->scope_key)) return &step;
  }
  return nullptr;
}

// Starts a step: its table, window and hash. False: there is nothing to look up.
[[gnu::always_inline]] inline bool Begin(Step& step, const Charge& charge, std::int64_t now_s) {
  CHECK(charge.amount >= 0);
  step = {.cell = nullptr,
          .charge = &charge,
          .hash = 0,
          .window = {},
          .epoch_s = 0,
          .used = 0,
          .free_ns = 0,
          .end_ns = 0,
          .result = ReserveResult::StoreError};
  if (charge.table == nullptr) return false;
  step.window = charge.table->WindowAt(now_s);
  step.hash = charge.table->Hash(charge.scope_key);
  step.cell = charge.table->Find(step.hash);
  return true;
}

// What a charge without a cell means: nobody charged that key yet, or there was no cell to have.
enum class MissingCell { Fresh, TableFull };

[[gnu::always_inline]] inline void JudgeAll(std::span<Step> steps, std::int64_t now_ns,
                                            std::int64_t steady_ns, MissingCell missing) {
  for (Step& step : steps) {
    if (step.charge->table == nullptr) continue;  // stays StoreError
    Judge(step, now_ns, steady_ns);
    if (step.cell == nullptr && missing == MissingCell::TableFull &&
        step.result != ReserveResult::Short) {
      step.result = ReserveResult::TableFull;
    }
    if (step.cell != nullptr && step.result == ReserveResult::NeedsStore) {
      step.cell->lease->asked_ns = std::max(step.cell->lease->asked_ns, now_ns);
    }
  }
}

// REQUIRES: the cell is locked, and was judged to have room.
[[gnu::always_inline]] inline void Take(Step& step, std::int64_t steady_ns, HeldCharge& held) {
  const Charge& charge = *step.charge;
  CounterCell& cell = *step.cell;
  held = {.cell = &cell,
          .table = charge.table,
          .mark = cell.epoch_s,
          .amount = charge.amount,
          .due_low = 0,
          .due_high = 0,
          .refund_on_error = charge.refund_on_error,
          .resets = cell.resets};
  if (cell.kind == CounterKind::Fixed) [[likely]] {
    cell.used += charge.amount;
    step.used += charge.amount;
  } else {
    if (cell.has_meter()) {
      TakeFromMeter(cell, charge, held);
      if (cell.used > 0) step.end_ns = MeterEmptyAt(cell);
    } else {
      cell.used += charge.amount;
    }
    step.used = cell.used;
    if (cell.lease != nullptr) {
      step.used = SaturatingAdd(cell.used, cell.lease->elsewhere);
      cell.lease->charged_ns = std::max(cell.lease->charged_ns, steady_ns);
    }
  }
  ++cell.outstanding;
}

}  // namespace

CellEngine::CellEngine(const CounterLimits& limits) : limits_(limits), budget_(limits.cells_max) {
  CHECK(getrandom(&secret_, sizeof(secret_), 0) == sizeof(secret_));
}

CellEngine::~CellEngine() = default;

CounterTable* CellEngine::Open(const CounterIdentity& identity, bool leased) {
  const std::scoped_lock guard(mutex_);
  DropIdleTables();
  const std::string key = IdentityKey(identity);
  if (const auto known = tables_.find(key); known != tables_.end()) {
    ++known->second.opened;
    return known->second.table.get();
  }
  const std::optional<WindowCalendar> calendar = WindowCalendar::Make(identity);
  if (!calendar || tables_.size() >= limits_.tables_max) return nullptr;
  const CounterTable::Options options = {
      .cells_max = limits_.cells_per_table_max,
      .budget = &budget_,
      .secret = secret_,
      .leased = leased,
      .permit_ns = limits_.permit_seconds * std::int64_t{1'000'000'000},
      .overdue = &overdue_};
  OpenTable& made = tables_[key];
  made = {std::make_unique<CounterTable>(identity, *calendar, options), 1};
  return made.table.get();
}

void CellEngine::Close(CounterTable* table) {
  if (table == nullptr) return;
  const std::scoped_lock guard(mutex_);
  const auto entry = tables_.find(IdentityKey(table->identity()));
  CHECK(entry != tables_.end() && entry->second.opened > 0);
  --entry->second.opened;
  DropIdleTables();
}

void CellEngine::DropIdleTables() {
  const std::int64_t now_s = newest_now_s_.load(std::memory_order_relaxed);
  if (now_s == INT64_MIN) return;
  std::erase_if(tables_, [now_s](auto& entry) {
    return entry.second.opened == 0 && entry.second.table->Idle(now_s);
  });
}

void CellEngine::VisitTable(const std::string& identity_key,
                            const std::function<void(CounterTable&)>& visit) {
  const std::scoped_lock guard(mutex_);
  if (const auto known = tables_.find(identity_key); known != tables_.end()) {
    visit(*known->second.table);
  }
}

void CellEngine::VisitTables(const std::function<void(CounterTable&)>& visit) {
  const std::scoped_lock guard(mutex_);
  for (const auto& [key, open] : tables_) visit(*open.table);
}

void CellEngine::SeeTime(std::int64_t now_s) {
  std::int64_t newest_s = newest_now_s_.load(std::memory_order_relaxed);
  while (newest_s < now_s && !newest_now_s_.compare_exchange_weak(newest_s, now_s)) {
  }
}

CounterCell* CellEngine::Insert(const Charge& charge, std::uint64_t hash, const Window& window,
                                std::int64_t now_s) {
  SeeTime(now_s);
  return charge.table->FindOrInsert(charge.scope_key, hash, window);
}

ReserveResult CellEngine::TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                                     std::span<ChargeState> states, Reservation& reservation,
                                     std::int64_t steady_ns) {
  CHECK(states.size() == charges.size() && !reservation.holds_charges());
  const std::int64_t now_s = FloorSeconds(now_ns);
  PerCharge<Step> memory(charges.size());
  const std::span<Step> steps(memory.data(), charges.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!Begin(steps[i], charges[i], now_s) || steps[i].cell != nullptr) continue;
    steps[i].cell = Insert(charges[i], steps[i].hash, steps[i].window, now_s);
  }
  if (steps.size() > Reservation::kInlineCharges) {
    reservation.overflow_.resize(steps.size() - Reservation::kInlineCharges);
  }
  ReserveResult result = ReserveResult::Granted;
  while (true) {
    Step* recycled = nullptr;
    {
      const LockedCells locked(steps);
      recycled = FindRecycled(steps);
      if (recycled == nullptr) {
        for (Step& step : steps) {
          if (step.cell != nullptr && step.cell->epoch_s < step.window.start_s &&
              step.cell->kind == CounterKind::Fixed) {
            step.charge->table->Advance(*step.cell, step.window.start_s);
          }
        }
        JudgeAll(steps, now_ns, steady_ns, MissingCell::TableFull);
        result = Combine(steps);
        for (Step& step : steps) {
          if (result != ReserveResult::Granted) break;
          Take(step, steady_ns, reservation.held(reservation.count_++));
        }
      }
    }
    if (recycled == nullptr) break;
    recycled->cell = Insert(*recycled->charge, recycled->hash, recycled->window, now_s);
  }
  Report(steps, now_ns, states);
  return result;
}

ReserveResult CellEngine::Peek(std::span<const Charge> charges, std::int64_t now_ns,
                               std::span<ChargeState> states, std::int64_t steady_ns) {
  CHECK(states.size() == charges.size());
  const std::int64_t now_s = FloorSeconds(now_ns);
  PerCharge<Step> memory(charges.size());
  const std::span<Step> steps(memory.data(), charges.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!Begin(steps[i], charges[i], now_s) || steps[i].cell != nullptr) continue;
    steps[i].cell = charges[i].table->FindConfirmed(charges[i].scope_key, steps[i].hash);
  }
  while (true) {
    Step* recycled = nullptr;
    {
      const LockedCells locked(steps);
      recycled = FindRecycled(steps);
      if (recycled == nullptr) JudgeAll(steps, now_ns, steady_ns, MissingCell::Fresh);
    }
    if (recycled == nullptr) break;
    const Charge& charge = *recycled->charge;
    recycled->cell = charge.table->FindConfirmed(charge.scope_key, recycled->hash);
  }
  Report(steps, now_ns, states);
  return Combine(steps);
}

}  // namespace policy
