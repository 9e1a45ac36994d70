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

PoolFile::Durability DurabilityOf(const WindowCalendar* calendar, CounterKind kind) {
  if (calendar == nullptr) return PoolFile::Durability::OverPowerLoss;
  // Nothing that a permit was taken for goes on over a power loss.
  if (kind == CounterKind::Concurrency) return PoolFile::Durability::OverProcess;
  const Window any = calendar->At(0);
  return any.end_s - any.start_s >= kDurableWindowSeconds ? PoolFile::Durability::OverPowerLoss
                                                          : PoolFile::Durability::OverProcess;
}

}  // namespace

std::expected<std::unique_ptr<LeasePool>, std::string> LeasePool::Open(
    const StateDirectory& directory, Clock& clock, Outbox& outbox, std::uint32_t permit_seconds) {
  std::vector<PoolRecord> records;
  std::expected<PoolFile, std::string> file = PoolFile::Open(directory, records);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<LeasePool> pool(
      new LeasePool(std::move(*file), directory, clock, outbox, permit_seconds));
  const std::int64_t soon_s = FloorSeconds(clock.WallNanoseconds()) + kClockToleranceSeconds;
  pool->clock_waits_ = pool->dropped_until_s_ > soon_s;
  for (PoolRecord& record : records) {
    pool->next_cell_id_ = std::max(pool->next_cell_id_, record.cell_id + 1);
    if (!pool->Restore(std::move(record))) {
      return std::unexpected("limits in " + directory.path() +
                             "/pool: a cell stands there twice; move the file away to begin every "
                             "window afresh");
    }
  }
  return pool;
}

// A sliding counter has a record for each of its parts, whose scope key ends with the part's place.
bool LeasePool::Restore(PoolRecord record) {
  CellName name = record.name;
  auto made = MakeCell(name);
  const bool is_sliding = made->kind == CounterKind::Sliding;
  std::int64_t slot = 0;
  if (is_sliding) {
    if (name.scope_key.empty()) return false;
    slot = static_cast<unsigned char>(name.scope_key.back());
    name.scope_key.pop_back();
  }
  const auto [entry, is_new] = cells_.try_emplace(name, std::move(made));
  if (!is_new && !is_sliding) return false;
  Cell& cell = *entry->second;
  if (cell.flow) {
    const FlowLedger::Entry flow{
        .at = record.epoch_s, .amount = record.issued, .rate = is_sliding ? 0 : record.high_max};
    if (record.issued > 0) cell.flow->Restore(flow, record.low_max);
    cell.record.name = name;
    if (!is_sliding) cell.record.cell_id = record.cell_id;
    if (is_sliding && !cell.slots.emplace(slot, record.cell_id).second) return false;
  } else {
    if (cell.kind == CounterKind::Concurrency) {
      // For them the record says when the newest permit was leased.
      const std::int64_t now_s = FloorSeconds(clock_.WallNanoseconds());
      const std::int64_t leased_ns = std::min(record.epoch_s, now_s) * 1'000'000'000;
      cell.orphans.push_back(
          {.granted = record.issued, .end_ns = leased_ns + kPermitLeaseNanoseconds + permit_ns_});
      record.epoch_s = 0;
    }
    cell.orphan_max = record.low_max;
    cell.record = std::move(record);
  }
  // A zone that is gone leaves the record as it is: without a calendar every question fails.
  cell.waits = cell.calendar != nullptr && BeginsLater(cell);
  return true;
}

// Whether what the cell counts is of a time that the clock says is to come.
bool LeasePool::BeginsLater(const Cell& cell) const {
  const std::int64_t now_ns = clock_.WallNanoseconds();
  if (cell.flow) return cell.flow->newest_ns() > now_ns + cell.flow->lease_ns_max();
  return cell.record.epoch_s > FloorSeconds(now_ns) + kClockToleranceSeconds;
}

LeasePool::LeasePool(PoolFile file, const StateDirectory& directory, Clock& clock, Outbox& outbox,
                     std::uint32_t permit_seconds)
    : file_(std::move(file)),
      directory_(directory),
      clock_(clock),
      outbox_(outbox),
      permit_ns_(permit_seconds * std::int64_t{1'000'000'000}),
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
        if (cell->kind == CounterKind::Concurrency) {
          cell->orphans.push_back(
              {.granted = lease->second.granted, .end_ns = lease->second.end_ns});
        }
      }
      cell->leases.erase(lease);
    }
    if (cell->awaited.erase(holder) > 0 && cell->awaited.empty()) FinishRecall(*cell);
  }
}

void LeasePool::ForgetOrphans() {
  for (auto& [name, cell] : cells_) {
    cell->orphan_max = INT64_MAX;
    if (cell->flow) cell->flow->ForgetRestored();
  }
}

// Whether the cell waits for an operator still.
bool LeasePool::Waits(Cell& cell) {
  if (!cell.waits && !clock_waits_) return false;
  const std::int64_t soon_s = FloorSeconds(clock_.WallNanoseconds()) + kClockToleranceSeconds;
  if (dropped_until_s_ <= soon_s) clock_waits_ = false;
  if (!BeginsLater(cell)) cell.waits = false;
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
  const std::int64_t now_ns = clock_.WallNanoseconds();
  const std::int64_t now_s = FloorSeconds(now_ns);
  std::vector<PoolRecord> records;
  for (const auto& [name, cell] : cells_) {
    const std::int64_t epoch_s = cell->record.epoch_s;
    if (cell->waits && cell->flow) {
      cell->flow->BringBack(now_ns);  // also where it cannot be written: it waits until it can
    } else if (cell->waits) {
      cell->record.epoch_s = cell->calendar->At(now_s).start_s;
    }
    if (cell->flow || cell->record.issued > 0) AppendRecords(*cell, records);
    cell->record.epoch_s = epoch_s;
  }
  const std::int64_t forgotten_until_s = std::min(dropped_until_s_, now_s);
  if (!file_.Rewrite(directory_, records, forgotten_until_s)) return std::nullopt;
  for (const auto& [name, cell] : cells_) {
    if (!std::exchange(cell->waits, false)) continue;
    if (!cell->flow) cell->record.epoch_s = cell->calendar->At(now_s).start_s;
    TellSet(*cell);
  }
  dropped_until_s_ = forgotten_until_s;
  clock_waits_ = false;
  return count;
}

std::vector<PoolRecord> LeasePool::Records() {
  std::vector<PoolRecord> records;
  const std::int64_t now_ns = clock_.WallNanoseconds();
  for (const auto& [name, cell] : cells_) {
    if (cell->kind == CounterKind::Fixed) {
      const bool has_ended =
          cell->calendar != nullptr &&
          cell->record.epoch_s < cell->calendar->At(FloorSeconds(now_ns)).start_s;
      if (!has_ended && cell->record.issued > 0) records.push_back(cell->record);
      continue;
    }
    // One record a cell, of now.
    PoolRecord record = cell->record;
    record.epoch_s = cell->calendar->At(FloorSeconds(now_ns)).start_s;
    if (cell->flow) {
      FlowLedger now = *cell->flow;
      now.Advance(now_ns);
      record.issued = now.used();
    } else {
      DropDeadPermits(*cell);
      record.issued = cell->record.issued;
    }
    if (record.issued > 0) records.push_back(std::move(record));
  }
  return records;
}

bool LeasePool::Set(const CellName& name, std::int64_t used) {
  Cell* cell = FindOrAdd(name);
  if (cell == nullptr || cell->calendar == nullptr || used < 0) return false;
  if (cell->flow) return SetFlow(*cell, used);
  if (cell->kind == CounterKind::Concurrency) return SetPermits(*cell, used);
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

bool LeasePool::SetFlow(Cell& cell, std::int64_t used) {
  FlowLedger set = *cell.flow;
  set.BringBack(clock_.WallNanoseconds());
  set.Set(used);
  std::vector<PoolRecord> records;
  // Of a sliding counter each part that counted is said to hold nothing.
  for (FlowLedger::Entry entry : cell.flow->Entries()) {
    entry.amount = 0;
    if (cell.kind == CounterKind::Sliding) records.push_back(FlowRecord(cell, entry));
  }
  for (const FlowLedger::Entry& entry : set.Entries()) records.push_back(FlowRecord(cell, entry));
  for (const PoolRecord& record : records) {
    if (!file_.Append(record, PoolFile::Durability::OverPowerLoss)) return false;
  }
  cell.waits = false;
  *cell.flow = set;
  TellSet(cell);
  return true;
}

// What live processes hold stays theirs: their calls are under way. The rest is what the operator
// says.
bool LeasePool::SetPermits(Cell& cell, std::int64_t used) {
  std::int64_t held = 0;
  for (const auto& [holder, lease] : cell.leases) held += lease.granted;
  cell.orphans.clear();
  cell.orphans.push_back({.granted = std::max<std::int64_t>(0, used - held),
                          .end_ns = clock_.WallNanoseconds() + permit_ns_});
  DropDeadPermits(cell);
  return Record(cell);
}

// Nobody holds anything of the cell any more.
void LeasePool::TellSet(Cell& cell) {
  for (auto& [holder, lease] : cell.leases) lease.granted = 0;
  const SetMessage set{.cell = cell.record.name,
                       .epoch_s = cell.flow ? 0 : cell.record.epoch_s,
                       .used = cell.flow ? cell.flow->used() : cell.record.issued};
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
  auto cell = MakeCell(name);
  if (cell->calendar == nullptr) return nullptr;
  if (cell->kind != CounterKind::Sliding) cell->record.cell_id = next_cell_id_++;
  cell->record.name = name;
  cell->record.epoch_s = INT64_MIN;  // before any window
  return cells_.emplace(name, std::move(cell)).first->second.get();
}

std::unique_ptr<LeasePool::Cell> LeasePool::MakeCell(const CellName& name) {
  auto cell = std::make_unique<Cell>();
  cell->calendar = CalendarOf(name.identity);
  if (cell->calendar != nullptr) {
    const CounterIdentity identity = *ParseIdentityKey(name.identity);
    cell->kind = identity.kind;
    if (IsFlow(identity.kind)) cell->flow.emplace(identity.kind, identity.window_seconds);
  }
  cell->durability = DurabilityOf(cell->calendar, cell->kind);
  return cell;
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
  if (cell->flow) return;  // the file has it, as used up at its end
  Roll(*cell, hold.epoch_s);
  if (hold.epoch_s != cell->record.epoch_s) return;
  cell->leases[holder] = {
      .granted = hold.granted,
      .room_max = hold.room_max,
      .end_ns = clock_.WallNanoseconds() + kPermitLeaseNanoseconds + permit_ns_};
  if (cell->kind == CounterKind::Concurrency) {
    TakeFromOrphans(*cell, hold.granted);
    DropDeadPermits(*cell);
    static_cast<void>(Record(*cell));
    return;
  }
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
  if (cell->flow) {
    Settle(*cell, holder, ask.returned, ask.idle_ns);
  } else {
    TakeBack(*cell, holder, ask.epoch_s, ask.returned);
  }
  cell->pending.push_back({.holder = holder, .ask = ask});
  Process(*cell);
}

void LeasePool::Return(HolderId holder, const ReturnMessage& returned) {
  const auto known = cells_.find(returned.cell);
  if (known == cells_.end()) return;
  Cell& cell = *known->second;
  if (!cell.flow) {
    TakeBack(cell, holder, returned.epoch_s, returned.returned);
  } else if (returned.recall_id == 0 || returned.recall_id == cell.recall_id) {
    // A late one may be of the lease before the one that the holder has now.
    Settle(cell, holder, returned.returned, returned.idle_ns);
  }
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
    const auto lease = cell->leases.find(holder);
    if (lease == cell->leases.end()) continue;
    if (cell->kind == CounterKind::Concurrency) {
      cell->orphans.push_back({.granted = lease->second.granted, .end_ns = lease->second.end_ns});
    }
    cell->leases.erase(lease);
    static_cast<void>(Record(*cell));
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

void LeasePool::Settle(Cell& cell, HolderId holder, std::int64_t returned, std::int64_t idle_ns) {
  const std::int64_t now_ns = clock_.WallNanoseconds();
  cell.flow->Settle(holder, returned, now_ns - std::min(idle_ns, now_ns));
}

void LeasePool::Process(Cell& cell) {
  while (cell.recall_id == 0 && !cell.pending.empty()) {
    Pending& pending = cell.pending.front();
    const Attempt attempt = cell.flow ? TryGrantFlow(cell, pending) : TryGrant(cell, pending);
    if (attempt == Attempt::Answered) {
      cell.pending.pop_front();
      continue;
    }
    pending.has_recalled = true;
    StartRecall(cell, pending.holder);
  }
}

LeasePool::Attempt LeasePool::TryGrantFlow(Cell& cell, const Pending& pending) {
  const AskMessage& ask = pending.ask;
  FlowLedger& flow = *cell.flow;
  const std::int64_t wall_ns = clock_.WallNanoseconds();
  flow.Advance(wall_ns);
  const bool is_bucket = cell.kind == CounterKind::Bucket;
  if (is_bucket) flow.SetRate(ask.max);
  const std::int64_t most = is_bucket ? ask.burst : ask.max;
  // Room that others lease under a smaller max stays theirs until they have returned it.
  const std::int64_t bound = std::min(most, flow.RoomMaxBut(pending.holder));
  const bool fits = ask.max > 0 && flow.Fits(ask.shortage, bound);
  if (!fits && !pending.has_recalled && !HoldersBut(cell, pending.holder).empty()) {
    return Attempt::NeedsRecall;
  }
  // An ask that waited for a recall may have leased meanwhile; nobody has two leases.
  flow.Settle(pending.holder, 0, flow.now_ns());
  GrantMessage grant{.request_id = ask.request_id, .status = GrantStatus::Dry};
  if (fits) {
    const auto sharers = static_cast<std::int64_t>(std::max<std::size_t>(1, holders_.size()));
    const std::int64_t left = bound - flow.used();
    const std::int64_t amount = std::max(ask.shortage, std::min(ask.want, left / (2 * sharers)));
    grant.elsewhere = flow.used();
    const std::int64_t end_ns =
        flow.Lease(pending.holder, amount, most, {.max = ask.max, .burst = ask.burst});
    PoolRecord record = FlowRecord(cell, flow.EntryOf(pending.holder));
    record.low_max = std::min(most, flow.RoomMaxBut(pending.holder));
    if (file_.Append(record, cell.durability)) {
      grant.status = GrantStatus::Granted;
      grant.amount = amount;
      // The ledger's time may be ahead of the clock; a lease ends by both.
      grant.life_ns = end_ns - flow.now_ns();
    } else {
      flow.Settle(pending.holder, amount, flow.now_ns());
      grant.status = GrantStatus::Failed;
    }
  } else {
    grant.elsewhere = flow.used();
  }
  grant.frees_in_ns = flow.FreesAt(ask.shortage, most) - flow.now_ns();
  grant.clears_in_ns = flow.ClearsAt() - flow.now_ns();
  Reply(pending.holder, grant);
  return Attempt::Answered;
}

// `granted` of what a leader before this one had leased is a holder's that has come back.
void LeasePool::TakeFromOrphans(Cell& cell, std::int64_t granted) {
  std::ranges::sort(cell.orphans, {}, &Orphan::end_ns);  // what is left ends last
  for (Orphan& orphan : cell.orphans) {
    const std::int64_t taken = std::min(orphan.granted, granted);
    orphan.granted -= taken;
    granted -= taken;
  }
}

// Permits of holders that are gone, once no call can hold them any more.
void LeasePool::DropDeadPermits(Cell& cell) {
  const std::int64_t now_ns = clock_.WallNanoseconds();
  std::erase_if(cell.orphans, [now_ns](const Orphan& orphan) {
    return orphan.granted == 0 || orphan.end_ns <= now_ns;
  });
  cell.record.issued = 0;
  for (const Orphan& orphan : cell.orphans) cell.record.issued += orphan.granted;
  for (const auto& [holder, lease] : cell.leases) cell.record.issued += lease.granted;
}

LeasePool::Attempt LeasePool::TryGrant(Cell& cell, const Pending& pending) {
  const AskMessage& ask = pending.ask;
  GrantMessage grant{.request_id = ask.request_id};
  Roll(cell, ask.epoch_s);
  if (cell.kind == CounterKind::Concurrency) DropDeadPermits(cell);
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
    lease = {.granted = lease.granted + amount,
             .room_max = ask.max,
             .end_ns = clock_.WallNanoseconds() + kPermitLeaseNanoseconds + permit_ns_};
    if (cell.kind == CounterKind::Concurrency) grant.life_ns = kPermitLeaseNanoseconds;
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
  const std::vector<HolderId> asked = HoldersBut(cell, except);
  cell.awaited = std::set<HolderId>(asked.begin(), asked.end());
  CHECK(!cell.awaited.empty());
  recalling_.insert(&cell);
  const RecallMessage recall{.recall_id = cell.recall_id,
                             .cell = cell.record.name,
                             .epoch_s = cell.flow ? 0 : cell.record.epoch_s,
                             .room_max = cell.record.high_max};
  for (const HolderId holder : cell.awaited) outbox_.Send(holder, recall);
}

// Who may have idle quota. Holders that left are not asked.
std::vector<LeasePool::HolderId> LeasePool::HoldersBut(const Cell& cell, HolderId except) const {
  std::vector<HolderId> others;
  if (cell.flow) {
    others = cell.flow->HoldersBut(except);
  } else {
    for (const auto& [holder, lease] : cell.leases) {
      if (holder != except && lease.granted > 0) others.push_back(holder);
    }
  }
  std::erase_if(others, [this](HolderId holder) { return !holders_.contains(holder); });
  return others;
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

void LeasePool::Reply(HolderId holder, const GrantMessage& grant) {
  GrantMessage reply = grant;
  reply.sharers = static_cast<std::int64_t>(holders_.size());
  outbox_.Send(holder, reply);
}

bool LeasePool::Record(Cell& cell) {
  std::int64_t low_max = cell.orphan_max;
  for (const auto& [holder, lease] : cell.leases) {
    if (lease.granted > 0) low_max = std::min(low_max, lease.room_max);
  }
  cell.record.low_max = low_max;
  std::vector<PoolRecord> records;
  AppendRecords(cell, records);
  return file_.Append(records.front(), cell.durability);
}

PoolRecord LeasePool::FlowRecord(Cell& cell, const FlowLedger::Entry& entry) {
  PoolRecord record{.cell_id = cell.record.cell_id,
                    .name = cell.record.name,
                    .epoch_s = entry.at,
                    .issued = entry.amount,
                    .low_max = cell.flow->RoomMaxBut(FlowLedger::kNobody),
                    .high_max = entry.rate};
  if (cell.kind != CounterKind::Sliding) return record;
  constexpr std::int64_t kSlots = 128;  // more parts than ever count at once
  const std::int64_t slot = entry.at % kSlots;
  const auto [known, is_new] = cell.slots.try_emplace(slot, next_cell_id_);
  if (is_new) ++next_cell_id_;
  record.cell_id = known->second;
  record.name.scope_key.push_back(static_cast<char>(slot));
  return record;
}

// What the file holds of the cell.
void LeasePool::AppendRecords(Cell& cell, std::vector<PoolRecord>& records) {
  if (cell.flow) {
    for (const FlowLedger::Entry& entry : cell.flow->Entries()) {
      if (entry.amount > 0) records.push_back(FlowRecord(cell, entry));
    }
    return;
  }
  records.push_back(cell.record);
  if (cell.kind == CounterKind::Concurrency) {
    records.back().epoch_s = FloorSeconds(clock_.WallNanoseconds());
  }
}

void LeasePool::CompactWhenLarge() {
  if (file_.bytes() < compact_above_bytes_) return;
  DropEndedCells();
  std::vector<PoolRecord> records;
  for (const auto& [name, cell] : cells_) {
    if (cell->flow || cell->record.issued > 0) AppendRecords(*cell, records);
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
    if (cell.flow) {
      FlowLedger now = *cell.flow;
      now.Advance(now_s * 1'000'000'000);
      return now.used() == 0;
    }
    if (cell.kind == CounterKind::Concurrency) return cell.record.issued == 0;
    return cell.record.epoch_s < cell.calendar->At(now_s).start_s;
  });
}

}  // namespace policy
