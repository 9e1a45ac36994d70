#include "runtime/vm/charge_set.h"

#include <algorithm>
#include <expected>

#include "policy/check.h"
#include "runtime/program/layout.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/utf8.h"
#include "runtime/vm/blame.h"
#include "runtime/vm/cause.h"
#include "runtime/vm/derive.h"

namespace policy {
namespace {

std::int64_t PowerOfTen(std::uint8_t exponent) {
  std::int64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// The number that a cost stands for, or why there is none.
std::expected<Decimal, std::string> CostOf(const format::Limit& limit, Frame& frame) {
  const Value value = ValueAt(frame, limit.cost_slot);
  const auto mistype = [&](std::string_view wanted) {
    return std::unexpected(CauseOfValue(limit.cost_slot, wanted, frame));
  };
  const auto whole = [](std::size_t count) {
    return *ParseDecimal(std::to_string(count));  // far below 10^18
  };
  if (limit.cost == format::CostKind::Amount) {
    if (value.kind != ValueKind::Number) return mistype("a number");
    return value.number();
  }
  switch (value.kind) {
    case ValueKind::String:
      return whole(CountCodePoints(value.text()));
    case ValueKind::List:
    case ValueKind::Record:
      return whole(CountElements(value.text(), value.length));
    default:
      return mistype("text, a list or a record");
  }
}

std::expected<std::int64_t, std::string> AmountFor(const Layout& layout, const format::Limit& limit,
                                                   Frame& frame) {
  const std::uint8_t scale = layout.counters()[limit.counter].scale;
  if (limit.cost == format::CostKind::One) return PowerOfTen(scale);
  const auto cost = CostOf(limit, frame);
  if (!cost) return std::unexpected(cost.error());
  const std::string path = layout.SlotPath(limit.cost_slot);
  if (cost->coefficient < 0) return std::unexpected("`" + path + "` is below 0");
  const auto amount = ToScaledInteger(*cost, scale);
  if (!amount) {
    return std::unexpected("`" + path + "` has more than " + std::to_string(scale) +
                           " decimals or is too large to be counted");
  }
  return *amount;
}

bool AddScope(const format::Scope& scope, const Frame& frame, const CallContext& context,
              ScopeKey& key) {
  switch (scope.kind) {
    case format::ScopeKind::Grant:
      return key.AddGrant(context.grant);
    case format::ScopeKind::Session:
      return key.AddSession(context.session);
    case format::ScopeKind::Tool:
      return key.AddTool(frame.tool());
    case format::ScopeKind::Server:
      return key.AddServer(context.server);
    case format::ScopeKind::Global:
      return key.AddGlobal();
    case format::ScopeKind::Slot:
      return key.AddValue(frame.slot(scope.slot));
  }
  return false;
}

std::string ScopeCause(const Layout& layout, const format::Scope& scope, const Frame& frame) {
  if (scope.kind != format::ScopeKind::Slot) return "its counter's scope is too long";
  const Value& value = frame.slot(scope.slot);
  const std::string path = layout.SlotPath(scope.slot);
  switch (value.kind) {
    case ValueKind::String:
    case ValueKind::Number:
    case ValueKind::Bool:
      return "`" + path + "` is too long to be counted by";
    default:
      return CauseOfMistype(path, value, "text, a number or a bool");
  }
}

}  // namespace

void ChargeSet::ForgetCall() {
  shares_.clear();
  refusals_.clear();
  charges_.clear();
  states_.clear();
}

std::optional<std::string> ChargeSet::MakeKey(const Layout& layout, const format::Limit& limit,
                                              const Frame& frame, const CallContext& context,
                                              ScopeKey& key) {
  const format::Counter& counter = layout.counters()[limit.counter];
  key.Clear();
  for (const format::Scope& scope :
       layout.scopes().subspan(counter.first_scope, counter.scope_count)) {
    if (!AddScope(scope, frame, context, key)) return ScopeCause(layout, scope, frame);
  }
  return std::nullopt;
}

bool ChargeSet::Build(const BoundPolicy& policy, std::span<const std::uint32_t> limits,
                      Frame& frame, const CallContext& context) {
  const Layout& layout = policy.program().layout();
  // Views of keys are handed out: the vector must not grow while the set is built.
  if (keys_.size() < limits.size()) keys_.resize(limits.size());
  for (const std::uint32_t id : limits) {
    const format::Limit& limit = layout.limits()[id];
    const auto amount = AmountFor(layout, limit, frame);
    if (!amount) {
      refusals_.push_back({id, amount.error()});
    } else if (auto cause = MakeKey(layout, limit, frame, context, keys_[charges_.size()])) {
      refusals_.push_back({id, *std::move(cause)});
    } else {
      Add(policy, id, *amount);
    }
  }
  states_.assign(charges_.size(), {});
  return refusals_.empty();
}

void ChargeSet::Add(const BoundPolicy& policy, std::uint32_t id, std::int64_t amount) {
  const format::Limit& limit = policy.program().layout().limits()[id];
  CounterTable* const table = policy.table(limit.counter);
  const std::string_view key = keys_[charges_.size()].bytes();
  const bool shares_locally = limit.on_store_error == format::OnStoreError::LocalShare;
  const bool refunds = limit.on_error == format::OnError::Refund;
  for (std::size_t i = 0; i < charges_.size(); ++i) {
    Charge& charge = charges_[i];
    if (charge.table != table || charge.scope_key != key) continue;
    charge.amount = std::max(charge.amount, amount);
    charge.max = std::min(charge.max, limit.max);
    charge.refund_on_error = charge.refund_on_error && refunds;  // keeping is the closed reading
    charge.local_share = charge.local_share && shares_locally;
    shares_.push_back({id, i, amount});
    return;
  }
  shares_.push_back({id, charges_.size(), amount});
  charges_.push_back({table, key, amount, limit.max, refunds, limit.burst, shares_locally});
}

std::int64_t ChargeSet::AmountOf(std::uint32_t limit) const {
  for (const Share& share : shares_) {
    if (share.limit == limit) return charges_[share.charge].amount;
  }
  CHECK(false && "limit was not built");
  return 0;
}

void ChargeSet::Report(const Layout& layout, bool was_taken, std::vector<Quota>& quotas) const {
  for (const Share& share : shares_) {
    const Charge& charge = charges_[share.charge];
    const ChargeState& state = states_[share.charge];
    const format::Limit& limit = layout.limits()[share.limit];
    const bool is_bucket = layout.counters()[limit.counter].algorithm == format::Algorithm::Bucket;
    const std::int64_t max = limit.max == 0 || !is_bucket ? limit.max : limit.burst;
    const std::int64_t charged_max = is_bucket ? max : charge.max;
    Quota quota;
    quota.limit = share.limit;
    quota.max = max;
    quota.used = state.used;
    quota.remaining = std::max<std::int64_t>(0, max - state.used);
    quota.window_end_ms = state.window_end_ms;
    // Of limits that share a cell those are short that have no room themselves; the one with the
    // smallest max always is.
    quota.is_short =
        !was_taken && state.is_short &&
        (max == charged_max || charge.amount > max || state.used > max - charge.amount);
    if (quota.is_short) {
      quota.retryable = state.retryable && charge.amount <= max;
      if (quota.retryable) quota.retry_after_ms = state.retry_after_ms;
    }
    quotas.push_back(quota);
  }
}

}  // namespace policy
