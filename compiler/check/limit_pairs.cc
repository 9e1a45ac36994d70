// Limits beside each other: those that another always stops first, and counters that add up what
// does not belong together.
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/check/findings.h"
#include "compiler/ir/access.h"

namespace policy {

namespace {

using format::Algorithm;
using format::RuleKind;
using format::WindowKind;

// Pairs of limits that are compared for one block.
constexpr std::size_t kLimitsMax = 32;
constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kDay = 24 * kHour;

// How long a window may last, in seconds; on some days clocks change.
struct Length {
  std::int64_t least = 0;
  std::optional<std::int64_t> most;  // nullopt: for ever
};

Length LengthOf(const ir::Counter& counter) {
  switch (counter.window) {
    case WindowKind::Seconds:
      return {counter.window_seconds, counter.window_seconds};
    case WindowKind::Day:
      return {kDay - kHour, kDay + kHour};
    case WindowKind::Week:
      return {7 * kDay - kHour, 7 * kDay + kHour};
    case WindowKind::Month:
      return {28 * kDay - kHour, 31 * kDay + kHour};
    case WindowKind::Lifetime:
      break;
  }
  return {INT64_MAX, std::nullopt};
}

// Whether each window of `inner` lies within one of `outer`, which is longer.
bool IsNested(const ir::Policy& policy, const ir::Counter& inner, const ir::Counter& outer) {
  if (outer.window == WindowKind::Lifetime || outer.algorithm == Algorithm::Sliding) return true;
  if (inner.algorithm == Algorithm::Sliding) return false;
  if (inner.window == WindowKind::Day) return outer.window != WindowKind::Seconds;
  if (inner.window != WindowKind::Seconds) return false;
  if (outer.window == WindowKind::Seconds) return outer.window_seconds % inner.window_seconds == 0;
  // Zones differ from UTC by quarters of an hour.
  return (policy.zone == "UTC" ? kDay : kHour / 4) % inner.window_seconds == 0;
}

bool HasScopesOf(const ir::Counter& coarse, const ir::Counter& fine) {
  return std::ranges::all_of(coarse.scopes, [&](const ir::Scope& scope) {
    return std::ranges::any_of(fine.scopes, [&](const ir::Scope& other) {
      return scope.kind == other.kind && scope.path_id == other.path_id;
    });
  });
}

// All that is charged on one counter.
struct Charges {
  std::vector<std::size_t> blocks;  // sorted
  const ir::Rule* first = nullptr;
  std::int64_t most = 0;                 // of what its limits let through
  bool is_uniform = true;                // one cost and one settlement everywhere
  const ir::Rule* other_unit = nullptr;  // a limit that counts something else than the first
};

bool IsSameCharge(const ir::Limit& a, const ir::Limit& b) {
  return a.cost == b.cost && a.on_error == b.on_error &&
         (a.cost == format::CostKind::One || a.cost_value_id == b.cost_value_id);
}

// Whether the limit counts amounts, and not calls or what a call holds several of.
bool CountsAmounts(const ir::Policy& policy, const ir::Limit& limit) {
  if (limit.cost != format::CostKind::Amount) return false;
  const ir::Value& value = ir::ValueOf(policy, limit.cost_value_id);
  if (value.kind == ir::ValueKind::Applied) return value.function != Function::Length;
  return value.kind == ir::ValueKind::Path;
}

std::vector<Charges> ChargesOf(const ir::Policy& policy) {
  std::vector<Charges> all(policy.counters.size());
  for (std::size_t block = 0; block < policy.blocks.size(); ++block) {
    for (const ir::RuleId id : policy.blocks[block].rule_ids) {
      const ir::Rule& rule = ir::RuleOf(policy, id);
      if (rule.kind != RuleKind::Limit) continue;
      Charges& charges = all[ir::IndexOf(rule.limit.counter_id)];
      if (charges.blocks.empty() || charges.blocks.back() != block) charges.blocks.push_back(block);
      charges.most = std::max(charges.most, rule.limit.max);
      if (charges.first == nullptr) {
        charges.first = &rule;
        continue;
      }
      const ir::Limit& first = charges.first->limit;
      charges.is_uniform = charges.is_uniform && IsSameCharge(first, rule.limit);
      const bool is_other = CountsAmounts(policy, first) != CountsAmounts(policy, rule.limit);
      if (is_other && charges.other_unit == nullptr) charges.other_unit = &rule;
    }
  }
  return all;
}

using Wide = __int128;

// An amount at the largest scale that counters have.
Wide Scaled(std::int64_t amount, int scale) {
  Wide scaled = amount;
  for (int i = scale; i < format::kScaleMax; ++i) scaled *= 10;
  return scaled;
}

// Whether whatever is charged on `part` is charged on `whole` too, where both are asked.
bool IsPartOf(const Charges& part, const Charges& whole) {
  return part.is_uniform && whole.is_uniform &&
         IsSameCharge(part.first->limit, whole.first->limit) &&
         std::ranges::includes(whole.blocks, part.blocks);
}

struct Pair {
  const Checked& checked;
  const std::vector<Charges>& charges;
  const ir::Rule& shorter;
  const ir::Rule& longer;

  const ir::Counter& short_counter() const { return checked.counter(shorter.limit.counter_id); }
  const ir::Counter& long_counter() const { return checked.counter(longer.limit.counter_id); }
  const Charges& short_charges() const { return charges[ir::IndexOf(shorter.limit.counter_id)]; }
  const Charges& long_charges() const { return charges[ir::IndexOf(longer.limit.counter_id)]; }
};

// The longer window has no more room than the shorter one asks for at once.
bool CapsBurst(const Pair& pair) {
  if (!IsPartOf(pair.short_charges(), pair.long_charges())) return false;
  if (!HasScopesOf(pair.long_counter(), pair.short_counter())) return false;
  const bool is_nested = IsNested(pair.checked.policy, pair.short_counter(), pair.long_counter());
  const Wide room = Scaled(pair.long_charges().most, pair.long_counter().scale);
  const ir::Counter& counter = pair.short_counter();
  const Wide max = Scaled(pair.shorter.limit.max, counter.scale);
  if (counter.algorithm != Algorithm::Bucket) return max >= room * (is_nested ? 1 : 2);
  // What two longer windows let through side by side fits at once, and has drained before the next.
  const std::int64_t windows = LengthOf(pair.long_counter()).least / counter.window_seconds;
  return Scaled(pair.shorter.limit.burst, counter.scale) >= 2 * room && max * windows >= room;
}

// All the shorter windows in a longer one together let through no more than it has room for.
bool NeverFills(const Pair& pair) {
  const auto most = LengthOf(pair.long_counter()).most;
  if (!most || !IsPartOf(pair.long_charges(), pair.short_charges())) return false;
  if (!HasScopesOf(pair.short_counter(), pair.long_counter())) return false;
  const std::int64_t least = LengthOf(pair.short_counter()).least;
  // Spans of time can be laid end to end from where the longer window begins.
  const bool is_nested = pair.short_counter().algorithm != Algorithm::Fixed ||
                         IsNested(pair.checked.policy, pair.short_counter(), pair.long_counter());
  const std::int64_t windows = (*most + least - 1) / least + (is_nested ? 0 : 1);
  const int scale = pair.short_counter().scale;
  const Wide let_through =
      Scaled(pair.short_charges().most, scale) * windows + Scaled(pair.shorter.limit.burst, scale);
  return Scaled(pair.longer.limit.max, pair.long_counter().scale) >= let_through;
}

bool CountsWindows(const ir::Counter& counter) {
  return counter.algorithm == Algorithm::Fixed || counter.algorithm == Algorithm::Sliding;
}

void CheckPair(const Pair& pair) {
  const Length shorter = LengthOf(pair.short_counter());
  const Length longer = LengthOf(pair.long_counter());
  if (!shorter.most || *shorter.most >= longer.least) return;
  const bool is_bucket = pair.short_counter().algorithm == Algorithm::Bucket;
  if (!CountsWindows(pair.long_counter()) || !(is_bucket || CountsWindows(pair.short_counter()))) {
    return;
  }
  const auto& [checked, charges, short_rule, long_rule] = pair;
  if (CapsBurst(pair)) {
    checked.diagnostics
        .Report(diag::BurstAboveCap, checked.source, short_rule.span, pair.long_counter().name)
        .Note(long_rule.span, "this is used up first")
        .Help("raise the limit of the longer time, or remove this one");
  } else if (NeverFills(pair)) {
    checked.diagnostics
        .Report(diag::WindowNeverFills, checked.source, long_rule.span, pair.short_counter().name)
        .Note(short_rule.span, "all of this together is not as much")
        .Help("lower this limit, or remove it");
  }
}

void CheckUnits(const Checked& checked, const std::vector<Charges>& charges) {
  for (std::size_t i = 0; i < charges.size(); ++i) {
    if (charges[i].other_unit == nullptr) continue;
    checked.diagnostics
        .Report(diag::CounterUnits, checked.source, charges[i].other_unit->span,
                checked.policy.counters[i].name)
        .Note(charges[i].first->span, "here it counts something else")
        .Help("use two counters");
  }
}

}  // namespace

void CheckLimitPairs(const Checked& checked) {
  const std::vector<Charges> charges = ChargesOf(checked.policy);
  CheckUnits(checked, charges);
  for (const ir::Block& block : checked.policy.blocks) {
    std::vector<const ir::Rule*> limits;
    for (const ir::RuleId id : block.rule_ids) {
      if (checked.rule(id).kind == RuleKind::Limit) limits.push_back(&checked.rule(id));
    }
    if (limits.size() > kLimitsMax) continue;
    for (const ir::Rule* shorter : limits) {
      for (const ir::Rule* longer : limits) CheckPair({checked, charges, *shorter, *longer});
    }
  }
}

}  // namespace policy
