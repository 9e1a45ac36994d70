#include "runtime/limits/store/shared_counters.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/check.h"
#include "runtime/limits/identity_key.h"

namespace policy {
namespace {

// A parked call tries again with the clock it came with: refusals reach back as far as calls may
// wait.
constexpr std::int64_t kRefusalReachesBackNanoseconds = 10'000'000'000;

// Whether `scope` names the session among its kinds. Kinds with a text of their own ("arg:…") come
// with any bytes, so nothing after the first of them is believed: such a counter is shared, which
// is slower and no less exact.
bool IsOfOneSession(std::string_view scope) {
  while (!scope.empty()) {
    const std::size_t comma = scope.find(',');
    const std::string_view kind = scope.substr(0, comma);
    if (kind == "session") return true;
    if (kind.find(':') != std::string_view::npos || comma == std::string_view::npos) return false;
    scope.remove_prefix(comma + 1);
  }
  return false;
}

std::int64_t Later(std::int64_t instant_ns, std::int64_t life_ns) {
  // Clocks run apart by kLeaseDriftPartsPerMillion at most.
  const std::int64_t drift_ns = life_ns / 1'000'000 * kLeaseDriftPartsPerMillion;
  return SaturatingAdd(instant_ns, life_ns - drift_ns);
}

// Adds a grant of the cell's own window. REQUIRES: the cell is locked and has a lease.
void AddGrant(CounterCell& cell, const GrantMessage& grant, std::int64_t max, const LeaseEnd& end) {
  CellLease& lease = *cell.lease;
  const bool has_room = cell.ceiling > cell.used;
  lease.room_max = has_room ? std::max(lease.room_max, max) : max;
  cell.ceiling = SaturatingAdd(cell.ceiling, grant.amount);
  lease.refused_until_ns = 0;
  // All room of a window ends with it: the newest estimate holds for the older room too.
  lease.wall_until_ns = end.wall_ns;
  lease.steady_until_ns = end.steady_ns;
}

}  // namespace

SharedCounters::SharedCounters(Clock& clock, const CounterLimits& limits)
    : clock_(clock), engine_(limits), permit_seconds_(limits.permit_seconds) {}

SharedCounters::~SharedCounters() = default;

CounterTable* SharedCounters::Open(const CounterIdentity& identity) {
  if (IsOfOneSession(identity.scope)) return engine_.Open(identity, /*leased=*/false);
  if (IdentityKey(identity).size() > kIdentityBytesMax) return nullptr;
  if (identity.kind != CounterKind::Fixed) leases_end_ = true;
  return engine_.Open(identity, /*leased=*/true);
}

void SharedCounters::Close(CounterTable* table) { engine_.Close(table); }

ReserveResult SharedCounters::TryReserve(std::span<const Charge> charges, std::int64_t now_ns,
                                         std::span<ChargeState> states, Reservation& reservation) {
  return engine_.TryReserve(charges, now_ns, states, reservation, SteadyNow());
}

ReserveResult SharedCounters::Peek(std::span<const Charge> charges, std::int64_t now_ns,
                                   std::span<ChargeState> states) {
  return engine_.Peek(charges, now_ns, states, SteadyNow());
}

void SharedCounters::WhenReady(std::span<const Charge> charges, std::function<void()> wake) {
  const auto waiter = std::make_shared<Waiter>();
  waiter->wake = std::move(wake);
  bool must_wait = false;
  {
    const std::scoped_lock guard(mutex_);
    for (const Charge& charge : charges) {
      if (charge.table == nullptr || !charge.table->leased()) continue;
      std::array<ChargeState, 1> state;
      const std::int64_t now_ns = clock_.WallNanoseconds();
      if (Peek({&charge, 1}, now_ns, state) != ReserveResult::NeedsStore) continue;
      const DemandKey key{.cell = {.identity = IdentityKey(charge.table->identity()),
                                   .scope_key = std::string(charge.scope_key)},
                          .max = charge.max,
                          .burst = charge.burst};
      const auto [entry, is_new] = demands_.try_emplace(key);
      Demand& demand = entry->second;
      if (is_new) demand.since_ns = clock_.MonotonicNanoseconds();
      demand.amount = std::max(demand.amount, charge.amount);
      demand.local_share = demand.local_share || charge.local_share;
      demand.total = SaturatingAdd(demand.total, charge.amount);
      demand.waiters.push_back(waiter);
      ++waiter->answers_missing;
    }
    must_wait = waiter->answers_missing > 0;
  }
  if (!must_wait) {
    waiter->wake();
  } else if (on_demand_) {
    on_demand_();
  }
}

std::vector<AskMessage> SharedCounters::TakeAsks() {
  std::vector<AskMessage> asks;
  Wakes wakes;
  {
    const std::scoped_lock guard(mutex_);
    for (auto entry = demands_.begin(); entry != demands_.end();) {
      const auto current = entry++;
      const CellName& cell = current->first.cell;
      if (asking_.contains(cell) || asked_.size() >= kAsksInFlightMax) continue;
      AskMessage ask;
      Question question{.key = current->first, .taken = Now()};
      if (!PrepareAsk(current->first, current->second, ask, question)) {
        Answer(current, wakes);  // there is room by now, or nothing to ask for
        continue;
      }
      ask.request_id = next_request_id_++;
      current->second.request_id = ask.request_id;
      current->second.asked_amount = ask.amount;
      asking_.insert(cell);
      asked_.emplace(ask.request_id, std::move(question));
      asks.push_back(std::move(ask));
    }
  }
  for (const auto& wake : wakes) wake();
  return asks;
}

// False: the call need not ask.
bool SharedCounters::PrepareAsk(const DemandKey& key, Demand& demand, AskMessage& ask,
                                Question& question) {
  bool needs = false;
  engine_.VisitTable(key.cell.identity, [&](CounterTable& table) {
    const std::string& scope_key = key.cell.scope_key;
    const Window now = table.WindowAt(FloorSeconds(clock_.WallNanoseconds()));
    table.VisitOrInsert(scope_key, now, [&](CounterCell& cell) {
      const bool is_flow = IsFlow(cell.kind);
      if (!is_flow && cell.epoch_s < now.start_s) table.Advance(cell, now.start_s);
      // Below 0 where a call has cost more than was reserved for it.
      const std::int64_t all_room = std::max<std::int64_t>(0, cell.ceiling - cell.used);
      cell.lease->reserve = std::min(cell.lease->reserve, all_room);
      const std::int64_t room = cell.ceiling - cell.used - cell.lease->reserve;
      const bool is_alive = clock_.WallNanoseconds() < cell.lease->wall_until_ns &&
                            SteadyNow() < cell.lease->steady_until_ns;
      const std::int64_t most = cell.kind == CounterKind::Bucket ? key.burst : key.max;
      const bool is_usable = is_alive && most >= cell.lease->room_max;
      if (is_usable && room >= demand.amount) return;
      needs = true;
      ask.amount = demand.amount;
      ask.max = key.max;
      ask.burst = key.burst;
      if (is_flow) {
        // As much as was used in the lease that ends now.
        ask.want = SaturatingAdd(cell.used, demand.total);
        ReturnMessage last;
        EndFlowLease(cell, last);
        ask.returned = last.returned;
        ask.idle_ns = last.idle_ns;
        ask.shortage = SaturatingAdd(demand.amount, cell.used);
        return;
      }
      // From now on the pool may fill up to this max.
      if (is_usable) cell.lease->room_max = key.max;
      ask.epoch_s = cell.epoch_s;
      ask.returned = is_usable ? 0 : std::max<std::int64_t>(cell.ceiling - cell.used, 0);
      if (!is_usable) cell.lease->reserve = 0;
      cell.ceiling -= ask.returned;
      const std::int64_t usable_room = is_usable ? room : std::min<std::int64_t>(room, 0);
      ask.shortage = SaturatingAdd(demand.amount, -usable_room);
      // As much as was used so far: few questions while demand lasts, little idle when it ends.
      // Permits are used again and again, and those that a killed process had are missed for long.
      const bool is_concurrency = cell.kind == CounterKind::Concurrency;
      ask.want = is_concurrency ? demand.total : SaturatingAdd(cell.used, demand.total);
      // With the window's first question as much as the pool gives.
      question.reserves =
          demand.local_share && cell.kind == CounterKind::Fixed && cell.ceiling == 0;
      question.shortage = ask.shortage;
      if (question.reserves) ask.want = key.max;
    });
  });
  if (needs) ask.cell = key.cell;
  return needs;
}

// Ends the lease of a flow, and says what is left of it. REQUIRES: the cell is locked.
void SharedCounters::EndFlowLease(CounterCell& cell, ReturnMessage& returned) {
  const bool was_charged = cell.used > 0;
  returned.returned = cell.EndLease();
  const std::int64_t idle_ns = SteadyNow() - cell.lease->charged_ns;
  if (was_charged) returned.idle_ns = std::max<std::int64_t>(0, idle_ns - idle_ns / 1'000);
}

void SharedCounters::Receive(const GrantMessage& grant, const LeaseEnd& end,
                             const std::optional<LeaseEnd>& sent) {
  Wakes wakes;
  bool more_to_ask = false;
  {
    const std::scoped_lock guard(mutex_);
    const auto asked = asked_.find(grant.request_id);
    if (asked == asked_.end()) return;  // of another connection: counted as granted and lost
    const DemandKey key = asked->second.key;
    LeaseEnd until = end;
    if (grant.life_ns != kLeaseForever) {
      const LeaseEnd from = sent.value_or(asked->second.taken);
      until = {.wall_ns = Later(from.wall_ns, grant.life_ns),
               .steady_ns = Later(from.steady_ns, grant.life_ns)};
    }
    if (grant.sharers > 0) sharers_ = grant.sharers;
    const std::int64_t reserve =
        asked->second.reserves ? std::max<std::int64_t>(0, grant.amount - asked->second.shortage)
                               : 0;
    asked_.erase(asked);
    asking_.erase(key.cell);
    Apply(key, grant, until, reserve);
    const auto demand = demands_.find(key);
    if (demand != demands_.end() && demand->second.request_id == grant.request_id) {
      Answer(demand, wakes);
    }
    more_to_ask = demands_.size() > asked_.size();
  }
  for (const auto& wake : wakes) wake();
  if (more_to_ask && on_demand_) on_demand_();
}

void SharedCounters::set_has_store(bool has_store) {
  const std::scoped_lock guard(mutex_);
  if (has_store) {
    store_lost_ns_ = kUnlimited;
  } else if (store_lost_ns_ == kUnlimited) {
    store_lost_ns_ = clock_.WallNanoseconds();
  }
}

// The share of a window that began after the store was lost, once. REQUIRES: the cell is locked.
void SharedCounters::TakeOwnShare(CounterCell& cell, const DemandKey& key, std::int64_t now_s) {
  const bool began_later = store_lost_ns_ != kUnlimited && cell.epoch_s <= now_s &&
                           cell.epoch_s >= FloorSeconds(store_lost_ns_) + 1;
  if (!began_later || sharers_ <= 0 || cell.ceiling != 0) return;
  cell.ceiling = key.max / sharers_;
  cell.lease->room_max = key.max;
  cell.lease->is_own_share = true;
}

void SharedCounters::Apply(const DemandKey& key, const GrantMessage& grant, const LeaseEnd& end,
                           std::int64_t reserve) {
  const std::int64_t now_ns = clock_.WallNanoseconds();
  engine_.VisitTable(key.cell.identity, [&](CounterTable& table) {
    const Window now = table.WindowAt(FloorSeconds(now_ns));
    table.VisitOrInsert(key.cell.scope_key, now, [&](CounterCell& cell) {
      const bool has_failed = grant.status == GrantStatus::Failed;
      if (!has_failed) {
        if (!IsFlow(cell.kind)) {
          if (grant.epoch_s > cell.epoch_s) table.Advance(cell, grant.epoch_s);
          if (grant.epoch_s < cell.epoch_s) return;  // quota of a window that ended
        }
        cell.lease->elsewhere = grant.elsewhere;
        cell.lease->told_ns = SteadyNow();
        cell.lease->clears_ns = SaturatingAdd(now_ns, grant.clears_in_ns);
      }
      const std::int64_t most = cell.kind == CounterKind::Bucket ? key.burst : key.max;
      if (grant.status == GrantStatus::Granted) {
        AddGrant(cell, grant, most, end);
        cell.lease->reserve += reserve;
        return;
      }
      CellLease& lease = *cell.lease;
      lease.frees_ns = SaturatingAdd(now_ns, grant.frees_in_ns);
      const std::int64_t asked_ns = lease.asked_ns == 0 ? now_ns : lease.asked_ns;
      lease.refused_from_ns = std::min(asked_ns, now_ns) - kRefusalReachesBackNanoseconds;
      lease.refused_until_ns = std::max(asked_ns, now_ns) + kRefusalNanoseconds;
      // A flow may have room sooner. The calls that were refused have come before now.
      if (IsFlow(cell.kind) && !has_failed && lease.frees_ns < lease.refused_until_ns) {
        lease.refused_until_ns = std::max(asked_ns + 1, lease.frees_ns);
      }
      const auto demand = demands_.find(key);
      lease.refused_amount = demand != demands_.end() ? demand->second.asked_amount : kUnlimited;
      lease.refused_max = most;
      lease.store_failed = has_failed;
      const bool may_share = demand != demands_.end() && demand->second.local_share;
      if (has_failed && may_share && cell.kind == CounterKind::Fixed) {
        if (cell.epoch_s < now.start_s) table.Advance(cell, now.start_s);
        TakeOwnShare(cell, key, FloorSeconds(now_ns));
      }
    });
  });
}

ReturnMessage SharedCounters::Receive(const RecallMessage& recall) {
  ReturnMessage answer{
      .recall_id = recall.recall_id, .cell = recall.cell, .epoch_s = recall.epoch_s};
  engine_.VisitTable(recall.cell.identity, [&](CounterTable& table) {
    table.VisitCell(recall.cell.scope_key, [&](CounterCell& cell) {
      if (IsFlow(cell.kind)) return EndFlowLease(cell, answer);
      if (cell.epoch_s != recall.epoch_s) return;
      cell.lease->reserve = 0;
      answer.returned = std::max<std::int64_t>(cell.ceiling - cell.used, 0);
      cell.ceiling -= answer.returned;
      cell.lease->room_max = recall.room_max;
    });
  });
  return answer;
}

void SharedCounters::Receive(const SetMessage& set) {
  engine_.VisitTable(set.cell.identity, [&](CounterTable& table) {
    const Window now = table.WindowAt(FloorSeconds(clock_.WallNanoseconds()));
    table.VisitCell(set.cell.scope_key, [&](CounterCell& cell) {
      if (cell.kind == CounterKind::Concurrency) return;  // the pool keeps what is held
      if (IsFlow(cell.kind)) {
        cell.EndLease();
        cell.used = 0;
        *cell.lease = CellLease{};
        cell.lease->elsewhere = set.used;
        ++cell.resets;
        return;
      }
      // A cell ahead of the operator's window goes back only from one that has not begun.
      if (cell.epoch_s > set.epoch_s && cell.epoch_s <= now.start_s) return;
      cell.epoch_s = set.epoch_s;
      cell.used = 0;
      cell.ceiling = 0;
      *cell.lease = CellLease{};
      cell.lease->elsewhere = set.used;
      ++cell.resets;
    });
  });
}

std::vector<HoldMessage> SharedCounters::Holdings() {
  std::vector<HoldMessage> holdings;
  engine_.VisitTables([&](CounterTable& table) {
    if (!table.leased()) return;
    const std::string identity = IdentityKey(table.identity());
    table.ForEachCell([&](CounterCell& cell) {
      HoldMessage holding;
      cell.Lock();
      // What is left of a share of one's own ends as the store is there again.
      if (std::exchange(cell.lease->is_own_share, false)) {
        cell.ceiling = std::min(cell.ceiling, cell.used);
      }
      holding.epoch_s = cell.epoch_s;
      holding.granted = cell.ceiling;
      holding.room_max = cell.lease->room_max;
      holding.elsewhere = cell.lease->elsewhere;
      if (cell.kind != CounterKind::Fixed) {
        holding.age_ns = std::max<std::int64_t>(0, SteadyNow() - cell.lease->told_ns);
        holding.life_ns = std::max<std::int64_t>(0, cell.lease->steady_until_ns - SteadyNow());
      }
      const bool is_flow = IsFlow(cell.kind);
      if (is_flow) holding.epoch_s = 0;
      cell.Unlock();
      if (holding.granted == 0 && !(is_flow && holding.elsewhere > 0)) return;
      holding.cell = {.identity = identity, .scope_key = std::string(cell.key())};
      holdings.push_back(std::move(holding));
    });
  });
  return holdings;
}

void SharedCounters::AskAnew() {
  const std::scoped_lock guard(mutex_);
  asked_.clear();
  asking_.clear();
  for (auto& [key, demand] : demands_) demand.request_id = 0;
}

std::vector<ReturnMessage> SharedCounters::GiveUpRoom() {
  std::vector<ReturnMessage> returns;
  engine_.VisitTables([&](CounterTable& table) {
    if (!table.leased()) return;
    const std::string identity = IdentityKey(table.identity());
    table.ForEachCell([&](CounterCell& cell) {
      ReturnMessage returned;
      cell.Lock();
      if (IsFlow(cell.kind)) {
        EndFlowLease(cell, returned);
      } else {
        returned.epoch_s = cell.epoch_s;
        cell.lease->reserve = 0;
        returned.returned = std::max<std::int64_t>(cell.ceiling - cell.used, 0);
        cell.ceiling -= returned.returned;
      }
      cell.Unlock();
      if (returned.returned == 0) return;
      returned.cell = {.identity = identity, .scope_key = std::string(cell.key())};
      returns.push_back(std::move(returned));
    });
  });
  return returns;
}

std::vector<ReturnMessage> SharedCounters::TakeIdlePermits() {
  std::vector<ReturnMessage> returns;
  const std::int64_t idle_since_ns = SteadyNow() - kIdlePermitNanoseconds;
  const std::scoped_lock guard(mutex_);
  engine_.VisitTables([&](CounterTable& table) {
    if (!table.leased() || table.kind() != CounterKind::Concurrency) return;
    const std::string identity = IdentityKey(table.identity());
    table.ForEachCell([&](CounterCell& cell) {
      CellName name{.identity = identity, .scope_key = std::string(cell.key())};
      // A grant under way would count beside what is given back here.
      if (asking_.contains(name)) return;
      cell.Lock();
      const bool is_idle = cell.lease->charged_ns <= idle_since_ns;
      const std::int64_t room = is_idle ? std::max<std::int64_t>(cell.ceiling - cell.used, 0) : 0;
      cell.ceiling -= room;
      cell.Unlock();
      if (room > 0) returns.push_back({.cell = std::move(name), .returned = room});
    });
  });
  return returns;
}

bool SharedCounters::FailAsks(std::int64_t before_ns) {
  Wakes wakes;
  bool some_wait = false;
  {
    const std::scoped_lock guard(mutex_);
    for (auto entry = demands_.begin(); entry != demands_.end();) {
      const auto current = entry++;
      if (current->second.since_ns > before_ns) {
        some_wait = true;
        continue;
      }
      Apply(current->first, {.status = GrantStatus::Failed}, {}, 0);
      Answer(current, wakes);  // a grant that comes later still counts: asked_ knows it
    }
  }
  for (const auto& wake : wakes) wake();
  return some_wait;
}

// Ends a demand; its calls that wait for nothing else are to be woken without the lock.
void SharedCounters::Answer(Demands::iterator demand, Wakes& wakes) {
  for (const std::shared_ptr<Waiter>& waiter : demand->second.waiters) {
    CHECK(waiter->answers_missing > 0);
    if (--waiter->answers_missing == 0) wakes.push_back(std::move(waiter->wake));
  }
  demands_.erase(demand);
}

}  // namespace policy
