#include "runtime/vm/decide.h"

#include <algorithm>
#include <utility>

#include "policy/check.h"
#include "runtime/mcp/message.h"
#include "runtime/program/layout.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/message.h"

namespace policy {
namespace {

// Sorted by the order of the policy, each rule once.
void Arrange(const Layout& layout, std::vector<FoundRule>& found) {
  if (found.size() < 2) return;
  const auto key = [&layout](const FoundRule& rule) {
    return std::pair(layout.rules()[rule.rule].order, rule.rule);
  };
  std::ranges::sort(found, {}, key);
  const auto repeated = std::ranges::unique(found, {}, &FoundRule::rule);
  found.erase(repeated.begin(), repeated.end());
}

// In the order of the policy, each once.
void ArrangeLimits(const Layout& layout, std::vector<std::uint32_t>& limits) {
  if (limits.size() < 2) return;
  std::ranges::sort(limits, {}, [&layout](std::uint32_t limit) {
    return std::pair(layout.rules()[layout.limits()[limit].rule].order, limit);
  });
  const auto repeated = std::ranges::unique(limits);
  limits.erase(repeated.begin(), repeated.end());
}

void ListRules(std::span<const FoundRule> found, Decision& decision) {
  for (const FoundRule& rule : found) decision.rules.push_back(rule.rule);
}

// The first that is true, else the first.
const FoundRule& Speaker(std::span<const FoundRule> found) {
  const auto certain = std::ranges::find(found, Truth::True, &FoundRule::truth);
  return certain == found.end() ? found.front() : *certain;
}

}  // namespace

void Refuse(std::string reason, Decision& decision) {
  decision.Clear();
  decision.message = std::move(reason);
}

DecideResult Decider::Decide(const BoundPolicy& policy, Frame& frame, const CallContext& context,
                             Decision& decision, Reservation& reservation) {
  CHECK(&frame.program() == &policy.program());
  CHECK(!reservation.holds_charges());
  const Layout& layout = policy.program().layout();
  decision.Clear();
  charges_.Clear();
  frame.ForgetMade();
  if (layout.context_nodes().is_asked && !mcp::FillContext(context, frame)) {
    Refuse("what is known of the caller could not be read", decision);
    return DecideResult::Decided;
  }
  if (has_findings_) findings_.Clear();
  const std::uint32_t allow = FindSoleAllow(frame, findings_);
  has_findings_ = allow == format::kNone;
  if (!has_findings_ || findings_.is_one_allow()) {  // most calls: nothing is left to weigh
    decision.outcome = Outcome::Allow;
    decision.rules.push_back(has_findings_ ? findings_.allows.front().rule : allow);
    return DecideResult::Decided;
  }
  if (!findings_.denials.empty() || !Admits(layout)) {
    Deny(layout, frame, decision);
    return DecideResult::Decided;
  }
  return TakeCharges(policy, frame, context, decision, reservation);
}

bool Decider::Admits(const Layout& layout) const {
  if (findings_.allows.empty()) return layout.default_allows();
  return std::ranges::find(findings_.allows, Truth::True, &FoundRule::truth) !=
         findings_.allows.end();
}

void Decider::Deny(const Layout& layout, Frame& frame, Decision& decision) {
  decision.outcome = Outcome::Deny;
  std::vector<FoundRule>& decisive =
      findings_.denials.empty() ? findings_.allows : findings_.denials;
  if (decisive.empty()) {
    decision.rules.push_back(0);
    WriteDefaultMessage(frame, decision.message);
    return;
  }
  Arrange(layout, decisive);
  ListRules(decisive, decision);
  WriteRuleMessage(Speaker(decisive), frame, decision.message);
}

DecideResult Decider::TakeCharges(const BoundPolicy& policy, Frame& frame,
                                  const CallContext& context, Decision& decision,
                                  Reservation& reservation) {
  const Layout& layout = policy.program().layout();
  if (findings_.limits.empty()) {
    Conclude(ReserveResult::Granted, layout, frame, decision);
    return DecideResult::Decided;
  }
  ArrangeLimits(layout, findings_.limits);
  if (!charges_.Build(policy, findings_.limits, frame, context)) {
    for (const ChargeRefusal& refusal : charges_.refusals()) {
      decision.rules.push_back(layout.limits()[refusal.limit].rule);
    }
    const ChargeRefusal& first = charges_.refusals().front();
    WriteChargeRefusal(layout, first.limit, first.cause, decision.message);
    return DecideResult::Decided;
  }
  // A call that a person must release first takes nothing, and is no reason to bother a person when
  // there is no room for it.
  Counters& counters = policy.counters();
  const ReserveResult result =
      findings_.approvals.empty()
          ? counters.TryReserve(charges_.charges(), context.now_ns, charges_.states(), reservation)
          : counters.Peek(charges_.charges(), context.now_ns, charges_.states());
  if (result == ReserveResult::NeedsStore) return DecideResult::NeedsStore;
  Conclude(result, layout, frame, decision);
  return DecideResult::Decided;
}

void Decider::Conclude(ReserveResult result, const Layout& layout, Frame& frame,
                       Decision& decision) {
  const bool was_taken = result == ReserveResult::Granted && findings_.approvals.empty();
  if (!charges_.empty()) charges_.Report(layout, was_taken, decision.quotas);
  switch (result) {
    case ReserveResult::Granted:
      return findings_.approvals.empty() ? Allow(layout, decision)
                                         : Approve(layout, frame, decision);
    case ReserveResult::Short:
      return Limit(layout, decision);
    case ReserveResult::StoreError:
    case ReserveResult::NeedsStore:  // handled before
      if (result == ReserveResult::StoreError && MayGoUncounted(layout)) {
        decision.is_uncounted = true;
        return findings_.approvals.empty() ? Allow(layout, decision)
                                           : Approve(layout, frame, decision);
      }
      decision.message = "the counters of the policy cannot be reached";
      break;
    case ReserveResult::TableFull:
      decision.message = "the counters of the policy have no room for another key";
      break;
  }
  for (const Quota& quota : decision.quotas) {
    decision.rules.push_back(layout.limits()[quota.limit].rule);
  }
}

// A store that cannot answer refuses nothing only where every limit of the call says so: the others
// cannot be charged without it.
bool Decider::MayGoUncounted(const Layout& layout) const {
  return std::ranges::all_of(findings_.limits, [&layout](std::uint32_t limit) {
    return layout.limits()[limit].on_store_error == format::OnStoreError::Allow;
  });
}

void Decider::Limit(const Layout& layout, Decision& decision) {
  decision.outcome = Outcome::Limited;
  const Quota* worst = nullptr;  // the one that keeps the call out longest
  for (const Quota& quota : decision.quotas) {
    if (!quota.is_short) continue;
    decision.rules.push_back(layout.limits()[quota.limit].rule);
    const auto wait = [](const Quota& q) { return std::pair(!q.retryable, q.retry_after_ms); };
    if (worst == nullptr || wait(*worst) < wait(quota)) worst = &quota;
  }
  CHECK(worst != nullptr);
  if (worst->retryable) decision.retry_after_ms = worst->retry_after_ms;
  WriteQuotaMessage(layout, *worst, charges_.AmountOf(worst->limit), decision.message);
}

void Decider::Approve(const Layout& layout, Frame& frame, Decision& decision) {
  decision.outcome = Outcome::Approval;
  Arrange(layout, findings_.approvals);
  ListRules(findings_.approvals, decision);
  // The first in the policy's order is asked first; the others are asked when the call is decided
  // again with its release.
  const FoundRule& first = findings_.approvals.front();
  const format::Rule& rule = layout.rules()[first.rule];
  WriteRuleMessage(first, frame, decision.message);
  decision.approval_group = layout.text(rule.approval_group);
  decision.approval_within_seconds = rule.approval_within_seconds;
}

void Decider::Allow(const Layout& layout, Decision& decision) {
  decision.outcome = Outcome::Allow;
  std::vector<FoundRule>& allows = findings_.allows;
  if (allows.size() == 1) {  // it is true, or the call were denied
    decision.rules.push_back(allows.front().rule);
    return;
  }
  std::erase_if(allows, [](const FoundRule& rule) { return rule.truth != Truth::True; });
  Arrange(layout, allows);
  ListRules(allows, decision);
  if (decision.rules.empty()) decision.rules.push_back(0);
}

}  // namespace policy
