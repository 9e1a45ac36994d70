#include <optional>

#include "runtime/embed/handles.h"
#include "runtime/program/layout.h"

namespace {

// As C has it: -1 is none.
int64_t NumberOf(const std::optional<std::int64_t>& number) { return number.value_or(-1); }

}  // namespace

using policy::embed::CopyOut;
using policy::embed::TextOf;

policy_decision* policy_decision_new(void) {
  return policy::embed::Guarded<policy_decision*>(nullptr, [] { return new policy_decision(); });
}

void policy_decision_free(policy_decision* decision) { delete decision; }

void policy_decision_settle(policy_decision* decision, policy_settlement settlement) {
  if (decision == nullptr) return;
  switch (settlement) {
    case POLICY_COMMIT:
      return decision->reservation.Settle(policy::Settlement::Commit);
    case POLICY_COMMIT_ERROR:
      return decision->reservation.Settle(policy::Settlement::CommitError);
    case POLICY_VOID:
      return decision->reservation.Settle(policy::Settlement::Void);
  }
}

policy_outcome policy_decision_outcome(const policy_decision* decision) {
  if (decision == nullptr) return POLICY_DENY;
  switch (decision->decision.outcome) {
    case policy::Outcome::Allow:
      return POLICY_ALLOW;
    case policy::Outcome::Approval:
      return POLICY_APPROVAL;
    case policy::Outcome::Limited:
      return POLICY_LIMITED;
    case policy::Outcome::Deny:
      break;
  }
  return POLICY_DENY;
}

policy_text policy_decision_message(const policy_decision* decision) {
  return decision == nullptr ? TextOf("") : TextOf(decision->decision.message);
}

int64_t policy_decision_retry_after_ms(const policy_decision* decision) {
  return decision == nullptr ? -1 : NumberOf(decision->decision.retry_after_ms);
}

policy_text policy_decision_approval_group(const policy_decision* decision) {
  return decision == nullptr ? TextOf("") : TextOf(decision->decision.approval_group);
}

uint32_t policy_decision_approval_within_seconds(const policy_decision* decision) {
  return decision == nullptr ? 0 : decision->decision.approval_within_seconds;
}

size_t policy_decision_rule_count(const policy_decision* decision) {
  return decision == nullptr ? 0 : decision->decision.rules.size();
}

int policy_decision_rule(const policy_decision* decision, size_t index, policy_rule* rule) {
  if (index >= policy_decision_rule_count(decision)) return 0;
  const policy::RuleReference found = decision->program->rule(decision->decision.rules[index]);
  const policy_rule told = {.struct_size = sizeof(policy_rule),
                            .id = TextOf(found.id),
                            .file = TextOf(found.file),
                            .line = found.line};
  return CopyOut(told, rule) ? 1 : 0;
}

size_t policy_decision_quota_count(const policy_decision* decision) {
  return decision == nullptr ? 0 : decision->decision.quotas.size();
}

int policy_decision_quota(const policy_decision* decision, size_t index, policy_quota* quota) {
  if (index >= policy_decision_quota_count(decision)) return 0;
  const policy::Quota& found = decision->decision.quotas[index];
  const policy::Program& program = *decision->program;
  const std::uint32_t rule = program.layout().limits()[found.limit].rule;
  const policy_quota told = {.struct_size = sizeof(policy_quota),
                             .rule = TextOf(program.rule(rule).id),
                             .max = found.max,
                             .used = found.used,
                             .remaining = found.remaining,
                             .window_end_ms = NumberOf(found.window_end_ms),
                             .retry_after_ms = NumberOf(found.retry_after_ms),
                             .is_short = found.is_short ? 1 : 0,
                             .retryable = found.retryable ? 1 : 0};
  return CopyOut(told, quota) ? 1 : 0;
}
