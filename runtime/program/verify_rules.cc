// Proves rules, limits, counters and scopes.
#include <vector>

#include "runtime/program/verify_records.h"

namespace policy {
namespace {

using format::kNone;

bool VerifyRule(const Records& records, std::uint32_t id, Proof& proof) {
  const format::Rule& rule = records.rules[id];
  if (rule.kind > format::RuleKind::Limit ||
      (rule.kind == format::RuleKind::Default) != (id == 0)) {
    return proof.Fail("rule {} is of a wrong kind", id);
  }
  if (rule.id.size == 0) return proof.Fail("rule {} has no id", id);
  return CheckText(records, rule.id, "a rule's id", proof) &&
         CheckText(records, rule.message, "a rule's message", proof) &&
         CheckText(records, rule.approval_group, "a rule's approval group", proof) &&
         CheckText(records, rule.file, "a rule's file", proof);
}

bool VerifyScope(const Records& records, std::uint32_t id, Proof& proof) {
  const format::Scope& scope = records.scopes[id];
  const bool has_slot = scope.kind == format::ScopeKind::Slot;
  if (scope.kind > format::ScopeKind::Slot ||
      (has_slot ? scope.slot >= records.slots.size() : scope.slot != kNone)) {
    return proof.Fail("scope {} is of no known kind or has a wrong slot", id);
  }
  return true;
}

bool FitsAlgorithm(const format::Counter& counter) {
  switch (counter.algorithm) {
    case format::Algorithm::Fixed:
      return true;
    case format::Algorithm::Sliding:
    case format::Algorithm::Bucket:
      return counter.window == format::WindowKind::Seconds &&
             counter.window_seconds <= format::kLengthSecondsMax;
    case format::Algorithm::Concurrency:
      return counter.window == format::WindowKind::Lifetime;
  }
  return false;
}

bool VerifyCounter(const Records& records, std::uint32_t id, Proof& proof) {
  const format::Counter& counter = records.counters[id];
  const bool counts_seconds = counter.window == format::WindowKind::Seconds;
  if (counter.window > format::WindowKind::Lifetime || counter.scale > format::kScaleMax ||
      counts_seconds != (counter.window_seconds != 0) ||
      counter.window_seconds > format::kWindowSecondsMax) {
    return proof.Fail("counter {} has a window or scale out of range", id);
  }
  if (!FitsAlgorithm(counter)) {
    return proof.Fail("counter {} has no known algorithm or a window that it cannot have", id);
  }
  if (counter.scope_count > format::kScopesPerCounterMax ||
      counter.first_scope > records.scopes.size() ||
      counter.scope_count > records.scopes.size() - counter.first_scope) {
    return proof.Fail("counter {} has wrong scopes", id);
  }
  return CheckText(records, counter.name, "a counter's name", proof);
}

// A cost may be made of other values, but not of an element of a list.
bool IsCost(const Records& records, const Scopes& scopes, std::uint32_t value) {
  return value < records.value_count() && !scopes.IsScoped(value);
}

bool VerifyLimit(const Records& records, const Scopes& scopes, std::uint32_t id, Proof& proof) {
  const format::Limit& limit = records.limits[id];
  if (limit.rule >= records.rules.size() ||
      records.rules[limit.rule].kind != format::RuleKind::Limit ||
      limit.counter >= records.counters.size()) {
    return proof.Fail("limit {} has a wrong rule or counter", id);
  }
  const bool has_slot = limit.cost != format::CostKind::One;
  if (limit.max < 0 || limit.cost > format::CostKind::Length ||
      limit.on_error > format::OnError::Refund ||
      limit.on_store_error > format::OnStoreError::Allow ||
      (has_slot ? !IsCost(records, scopes, limit.cost_slot) : limit.cost_slot != kNone)) {
    return proof.Fail("limit {} has a field out of range", id);
  }
  const bool is_bucket = records.counters[limit.counter].algorithm == format::Algorithm::Bucket;
  if (limit.burst < 0 || (!is_bucket && limit.burst != 0)) {
    return proof.Fail("limit {} has a wrong burst", id);
  }
  return true;
}

// Limits of one bucket say one rate: it drains at one only.
bool VerifyRates(const Records& records, Proof& proof) {
  std::vector<const format::Limit*> first(records.counters.size());
  for (const format::Limit& limit : records.limits) {
    const format::Limit*& known = first[limit.counter];
    if (known == nullptr) known = &limit;
    const bool is_bucket = records.counters[limit.counter].algorithm == format::Algorithm::Bucket;
    if (is_bucket && (limit.max != known->max || limit.burst != known->burst)) {
      return proof.Fail("counter {} is a bucket of two rates", limit.counter);
    }
  }
  return true;
}

}  // namespace

bool VerifyRules(const Records& records, const Scopes& scopes, Proof& proof) {
  if (records.rules.empty() || records.rules.size() > format::kRulesMax) {
    return proof.Fail("it has no rules or more than {}", format::kRulesMax);
  }
  for (std::uint32_t id = 0; id < records.rules.size(); ++id) {
    if (!VerifyRule(records, id, proof)) return false;
  }
  for (std::uint32_t id = 0; id < records.scopes.size(); ++id) {
    if (!VerifyScope(records, id, proof)) return false;
  }
  for (std::uint32_t id = 0; id < records.counters.size(); ++id) {
    if (!VerifyCounter(records, id, proof)) return false;
  }
  for (std::uint32_t id = 0; id < records.limits.size(); ++id) {
    if (!VerifyLimit(records, scopes, id, proof)) return false;
  }
  return VerifyRates(records, proof);
}

}  // namespace policy
