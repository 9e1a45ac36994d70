#include "runtime/limits/store/lease_pool.h"

#include <algorithm>
#include <utility>

#include "policy/check.h"
#include "runtime/limits/identity_key.h"

namespace policy {
namespace {

// Windows at least this long last over a power loss: a day, also where clocks change, and
// lifetimes. Shorter ones are over soon, and asked for too often to wait for the device.
constexpr std::int64_t kDurableWindowSeconds = 20 * 3'600;
constexpr std::size_t kCompactAboveBytes = 1u << 20;
constexpr std::int64_t kDropIntervalNanoseconds = 1'000'000'000;

PoolFile::Durability DurabilityOf(const WindowCalendar* calendar) {
  if (calendar == nullptr) return PoolFile::Durability::OverPowerLoss;
  const Window any = calendar->At(0);
  return any.end_s - any.start_s >= kDurableWindowSeconds ? PoolFile::Durability::OverPowerLoss
                                                          : PoolFile::Durability::OverProcess;
}

}  // namespace

std::expected<std::unique_ptr<LeasePool>, std::string> LeasePool::Open(
    const StateDirectory& directory, Clock& clock, Outbox& outbox) {
  std::vector<PoolRecord> records;
  std::expected<PoolFile, std::string> file = PoolFile::Open(directory, records);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<LeasePool> pool(new LeasePool(std::move(*file), directory, clock, outbox));
  const std::int64_t soon_s = FloorSeconds(clock.WallNanoseconds()) + kClockToleranceSeconds;
  pool->clock_waits_ = pool->dropped_until_s_ > soon_s;
  for (PoolRecord& record : records) {
    auto cell = std::make_unique<Cell>();
    cell->calendar = pool->CalendarOf(record.name.identity);
    cell->durability = DurabilityOf(cell->calendar);
    cell->orphan_max = record.low_max;
    cell->waits = cell->calendar != nullptr && record.epoch_s > soon_s;
    cell->record = std::move(record);
    pool->next_cell_id_ = std::max(pool->next_cell_id_, cell->record.cell_id + 1);
    // A zone that is gone leaves the record as it is: without a calendar every question fails.
    CellName name = cell->record.name;
    if (!pool->cells_.emplace(std::move(name), std::move(cell)).second) {
      return std::unexpected("limits in " + directory.path() +
                             "/pool: a cell stands there twice; move the file away to begin every "
                             "window afresh");
    }
  }
  return pool;
}

LeasePool::LeasePool(PoolFile file, const StateDirectory& directory, Clock& clock, Outbox& outbox)
    : file_(std::move(file)),
      directory_(directory),
      clock_(clock),
      outbox_(outbox),
      compact_above_bytes_(std::max(kCompactAboveBytes, 2 * file_.bytes())),
      dropped_until_s_(file_.forgotten_until_s()) {}

void LeasePool::Join(HolderId holder) { holders_.insert(holder); }

void LeasePool::Leave(HolderId holder) {
  holders_.erase(holder);
  for (auto& [name, cell] : cells_) {
    std::erase_if(cell->pending, [holder](const Pending& p) { return p.holder == holder; });
    if (const auto lease = cell->leases.find(holder); lease != cell->leases.end()) {
      if (lease->second.granted > 0) {
        cell->orphan_max = std::min(cell->orphan_max, lease->second.room_max);
      }
      cell->leases.erase(lease);
    }
    if (cell->awaited.erase(holder) > 0 && cell->awaited.empty()) FinishRecall(*cell);
  }
}

void LeasePool::ForgetOrphans() {
  for (auto& [name, cell] : cells_) cell->orphan_max = INT64_MAX;
}

// Whether the cell waits for an operator still.
bool LeasePool::Waits(Cell& cell) {
  if (!cell.waits && !clock_waits_) return false;
  const std::int64_t soon_s = FloorSeconds(clock_.WallNanoseconds()) + kClockToleranceSeconds;
  if (dropped_until_s_ <= soon_s) clock_waits_ = false;
  if (cell.record.epoch_s <= soon_s) cell.waits = false;
  return cell.waits || clock_waits_;
}

std::size_t LeasePool::waiting_count() {
  std::size_t count = 0;
  for (auto& [name, cell] : cells_) {
    if (Waits(*cell) && cell->waits) ++count;
  }
  return count + (clock_waits_ ? 1 : 0);
}

std::optional<std::size_t> LeasePool::Confirm() {
  const std::size_t count = waiting_count();
  if (count == 0) return 0;
  const std::int64_t now_s = FloorSeconds(clock_.WallNanoseconds());
  std::vector<PoolRecord> records;
  for (const auto& [name, cell] : cells_) {
    PoolRecord record = cell->record;
    if (cell->waits) record.epoch_s = cell->calendar->At(now_s).start_s;
    if (record.issued > 0) records.push_back(std::move(record));
  }
  const std::int64_t forgotten_until_s = std::min(dropped_until_s_, now_s);
  if (!file_.Rewrite(directory_, records, forgotten_until_s)) return std::nullopt;
  for (const auto& [name, cell] : cells_) {
    if (!std::exchange(cell->waits, false)) continue;
    cell->record.epoch_s = cell->calendar->At(now_s).start_s;
    TellSet(*cell);
  }
  dropped_until_s_ = forgotten_until_s;
  clock_waits_ = false;
  return count;
}

std::vector<PoolRecord> LeasePool::Records() {
  std::vector<PoolRecord> records;
  const std::int64_t now_s = FloorSeconds(clock_.WallNanoseconds());
  for (const auto& [name, cell] : cells_) {
    const bool has_ended =
        cell->calendar != nullptr && cell->record.epoch_s < cell->calendar->At(now_s).start_s;
    if (!has_ended && cell->record.issued > 0) records.push_back(cell->record);
  }
  return records;
}

bool LeasePool::Set(const CellName& name, std::int64_t used) {
  Cell* cell = FindOrAdd(name);
  if (cell == nullptr || cell->calendar == nullptr || used < 0) return false;
  const PoolRecord before = cell->record;
  cell->waits = false;
  // A window of the future is left: the operator means the one of now.
  const std::int64_t soon_s = FloorSeconds(clock_.WallNanoseconds()) + kClockToleranceSeconds;
  if (cell->record.epoch_s > soon_s) cell->record.epoch_s = INT64_MIN;
  Roll(*cell, INT64_MIN);
  cell->record.issued = used;
  if (!file_.Append(cell->record, PoolFile::Durability::OverPowerLoss)) {
    cell->record = before;
    return false;
  }
  TellSet(*cell);
  return true;
}

// Nobody holds anything of the cell any more.
void LeasePool::TellSet(Cell& cell) {
  for (auto& [holder, lease] : cell.leases) lease.granted = 0;
  const SetMessage set{
      .cell = cell.record.name, .epoch_s = cell.record.epoch_s, .used = cell.record.issued};
  for (const HolderId holder : holders_) outbox_.Send(holder, set);
}

bool LeasePool::Receive(HolderId holder, const LeaseMessage& message) {
  if (!holders_.contains(holder)) return false;
  if (const auto* hold = std::get_if<HoldMessage>(&message)) {
    Hold(holder, *hold);
  } else if (const auto* ask = std::get_if<AskMessage>(&message)) {
    Ask(holder, *ask);
  } else if (const auto* returned = std::get_if<ReturnMessage>(&message)) {
    Return(holder, *returned);
  } else if (std::holds_alternative<GoodbyeMessage>(message)) {
    SayGoodbye(holder);
  } else {
    return false;
  }
  CompactWhenLarge();
  return true;
}

const WindowCalendar* LeasePool::CalendarOf(const std::string& identity) {
  const auto [entry, is_new] = calendars_.try_emplace(identity);
  if (is_new) {
    if (const auto parsed = ParseIdentityKey(identity)) {
      entry->second = WindowCalendar::Make(*parsed);
    }
  }
  return entry->second ? &*entry->second : nullptr;
}

LeasePool::Cell* LeasePool::FindOrAdd(const CellName& name) {
  if (const auto known = cells_.find(name); known != cells_.end()) return known->second.get();
  if (cells_.size() >= kPoolCellsMax) DropEndedCells();
  if (cells_.size() >= kPoolCellsMax) return nullptr;
  const WindowCalendar* calendar = CalendarOf(name.identity);
  if (calendar == nullptr) return nullptr;
  auto cell = std::make_unique<Cell>();
  cell->record.cell_id = next_cell_id_++;
  cell->record.name = name;
  cell->record.epoch_s = INT64_MIN;  // before any window
  cell->calendar = calendar;
  cell->durability = DurabilityOf(calendar);
  return cells_.emplace(name, std::move(cell)).first->second.get();
}

// Takes the cell to the newest window that anybody may be in: by the leader's clock, or up to
// kClockToleranceSeconds before it if a holder says so. Never back.
void LeasePool::Roll(Cell& cell, std::int64_t asked_epoch_s) {
  const std::int64_t now_s = std::max(FloorSeconds(clock_.WallNanoseconds()), dropped_until_s_);
  std::int64_t epoch_s = cell.calendar->At(now_s).start_s;
  if (asked_epoch_s > epoch_s) {
    const Window soon = cell.calendar->At(now_s + kClockToleranceSeconds);
    if (asked_epoch_s == soon.start_s) epoch_s = asked_epoch_s;
  }
  if (epoch_s <= cell.record.epoch_s) return;
  cell.record.epoch_s = epoch_s;
  cell.record.issued = 0;
  cell.record.low_max = 0;
  cell.record.high_max = 0;
  cell.orphan_max = INT64_MAX;
  cell.leases.clear();
}

void LeasePool::Hold(HolderId holder, const HoldMessage& hold) {
  Cell* cell = FindOrAdd(hold.cell);
  if (cell == nullptr || cell->calendar == nullptr) return;
  Roll(*cell, hold.epoch_s);
  if (hold.epoch_s != cell->record.epoch_s) return;
  cell->leases[holder] = {.granted = hold.granted, .room_max = hold.room_max};
  // Only a pool that lost its file can know of less than is held.
  std::int64_t held = 0;
  for (const auto& [id, lease] : cell->leases) {
    if (__builtin_add_overflow(held, lease.granted, &held)) held = INT64_MAX;
  }
  if (held <= cell->record.issued) return;
  cell->record.issued = held;
  static_cast<void>(Record(*cell));  // if it fails, the next grant will fail as well
}

void LeasePool::Ask(HolderId holder, const AskMessage& ask) {
  Cell* cell = FindOrAdd(ask.cell);
  if (cell == nullptr || cell->calendar == nullptr || Waits(*cell)) {
    Reply(holder, {.request_id = ask.request_id, .status = GrantStatus::Failed});
    return;
  }
  TakeBack(*cell, holder, ask.epoch_s, ask.returned);
  cell->pending.push_back({.holder = holder, .ask = ask});
  Process(*cell);
}

void LeasePool::Return(HolderId holder, const ReturnMessage& returned) {
  const auto known = cells_.find(returned.cell);
  if (known == cells_.end()) return;
  Cell& cell = *known->second;
  TakeBack(cell, holder, returned.epoch_s, returned.returned);
  if (returned.recall_id == 0 || returned.recall_id != cell.recall_id)
    return;  // too late: the quota is back all the same
  if (const auto lease = cell.leases.find(holder); lease != cell.leases.end()) {
    lease->second.room_max = cell.record.high_max;  // as the recall told it
  }
  if (cell.awaited.erase(holder) > 0 && cell.awaited.empty()) FinishRecall(cell);
}

void LeasePool::SayGoodbye(HolderId holder) {
  for (auto& [name, cell] : cells_) {
    // What it used stays issued. A failed write leaves more charged than was used, never less.
    if (cell->leases.erase(holder) > 0) static_cast<void>(Record(*cell));
  }
}

void LeasePool::TakeBack(Cell& cell, HolderId holder, std::int64_t epoch_s, std::int64_t amount) {
  const auto lease = cell.leases.find(holder);
  if (lease == cell.leases.end() || epoch_s != cell.record.epoch_s) return;
  const std::int64_t taken = std::min(amount, lease->second.granted);
  lease->second.granted -= taken;
  cell.record.issued -= taken;
  CHECK(cell.record.issued >= 0);
}

void LeasePool::Process(Cell& cell) {
  while (cell.recall_id == 0 && !cell.pending.empty()) {
    Pending& pending = cell.pending.front();
    if (TryGrant(cell, pending) == Attempt::Answered) {
      cell.pending.pop_front();
      continue;
    }
    pending.has_recalled = true;
    StartRecall(cell, pending.holder);
  }
}

LeasePool::Attempt LeasePool::TryGrant(Cell& cell, const Pending& pending) {
  const AskMessage& ask = pending.ask;
  GrantMessage grant{.request_id = ask.request_id};
  Roll(cell, ask.epoch_s);
  PoolRecord& record = cell.record;
  if (ask.epoch_s > record.epoch_s) {  // its clock is too far ahead
    Reply(pending.holder, grant);
    return Attempt::Answered;
  }
  record.high_max = std::max(record.high_max, ask.max);
  std::int64_t bound = std::min(ask.max, cell.orphan_max);
  bool others_hold = false;
  for (const auto& [id, lease] : cell.leases) {
    if (id == pending.holder || lease.granted == 0) continue;
    others_hold = true;
    bound = std::min(bound, lease.room_max);
  }
  const std::int64_t needed = ask.epoch_s == record.epoch_s ? ask.shortage : ask.amount;
  const bool fits = record.issued <= bound && needed <= bound - record.issued;
  if (!fits && others_hold && !pending.has_recalled) return Attempt::NeedsRecall;

  Lease& lease = cell.leases[pending.holder];
  grant.epoch_s = record.epoch_s;
  grant.status = GrantStatus::Dry;
  if (fits) {
    const std::int64_t left = bound - record.issued;
    const auto sharers = static_cast<std::int64_t>(std::max<std::size_t>(1, holders_.size()));
    std::int64_t beyond = std::min(ask.want, left / (2 * sharers));
    if (cell.durability == PoolFile::Durability::OverPowerLoss) {
      beyond = std::min(beyond, ask.max / kDurableGrantParts);
    }
    const std::int64_t amount = std::max(needed, beyond);
    const Lease before = lease;
    lease = {.granted = lease.granted + amount, .room_max = ask.max};
    record.issued += amount;
    CHECK(record.issued <= ask.max);
    if (Record(cell)) {
      grant.status = GrantStatus::Granted;
      grant.amount = amount;
    } else {
      lease = before;
      record.issued -= amount;
      grant.status = GrantStatus::Failed;
    }
  }
  grant.elsewhere = record.issued - lease.granted;
  Reply(pending.holder, grant);
  return Attempt::Answered;
}

// Asks every other holder of the window for its room. Refunds may have made some since the last
// time, so everybody who ever got quota is asked.
void LeasePool::StartRecall(Cell& cell, HolderId except) {
  cell.recall_id = next_recall_id_++;
  cell.recall_deadline_ns = clock_.MonotonicNanoseconds() + kRecallTimeoutNanoseconds;
  cell.awaited.clear();
  for (const auto& [holder, lease] : cell.leases) {
    if (holder != except && lease.granted > 0) cell.awaited.insert(holder);
  }
  CHECK(!cell.awaited.empty());
  recalling_.insert(&cell);
  const RecallMessage recall{.recall_id = cell.recall_id,
                             .cell = cell.record.name,
                             .epoch_s = cell.record.epoch_s,
                             .room_max = cell.record.high_max};
  for (const HolderId holder : cell.awaited) outbox_.Send(holder, recall);
}

void LeasePool::FinishRecall(Cell& cell) {
  cell.recall_id = 0;
  cell.awaited.clear();
  recalling_.erase(&cell);
  Process(cell);
}

void LeasePool::Expire() {
  const std::int64_t now_ns = clock_.MonotonicNanoseconds();
  const std::vector<Cell*> recalling(recalling_.begin(), recalling_.end());
  for (Cell* cell : recalling) {
    if (cell->recall_id != 0 && cell->recall_deadline_ns <= now_ns) FinishRecall(*cell);
  }
}

void LeasePool::Reply(HolderId holder, const GrantMessage& grant) { outbox_.Send(holder, grant); }

bool LeasePool::Record(Cell& cell) {
  std::int64_t low_max = cell.orphan_max;
  for (const auto& [holder, lease] : cell.leases) {
    if (lease.granted > 0) low_max = std::min(low_max, lease.room_max);
  }
  cell.record.low_max = low_max;
  return file_.Append(cell.record, cell.durability);
}

void LeasePool::CompactWhenLarge() {
  if (file_.bytes() < compact_above_bytes_) return;
  DropEndedCells();
  std::vector<PoolRecord> records;
  for (const auto& [name, cell] : cells_) {
    if (cell->record.issued > 0) records.push_back(cell->record);
  }
  static_cast<void>(
      file_.Rewrite(directory_, records, dropped_until_s_));  // if it fails, the old file goes on
  compact_above_bytes_ = std::max(kCompactAboveBytes, 2 * file_.bytes());
}

void LeasePool::DropEndedCells() {
  const std::int64_t now_ns = clock_.MonotonicNanoseconds();
  if (now_ns < next_drop_ns_) return;
  next_drop_ns_ = now_ns + kDropIntervalNanoseconds;
  const std::int64_t now_s = FloorSeconds(clock_.WallNanoseconds());
  dropped_until_s_ = std::max(dropped_until_s_, now_s);
  std::erase_if(cells_, [now_s](const auto& entry) {
    const Cell& cell = *entry.second;
    if (!cell.pending.empty() || cell.recall_id != 0 || cell.calendar == nullptr) return false;
    return cell.record.epoch_s < cell.calendar->At(now_s).start_s;
  });
}

}  // namespace policy
