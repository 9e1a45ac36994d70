// What was decided about a call, and all that an agent, a log or a program needs to know of it.
#ifndef POLICY_DECISION_H_
#define POLICY_DECISION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

enum class Outcome : std::uint8_t { Allow, Deny, Approval, Limited };
std::string_view NameOf(Outcome outcome);  // "allow", "deny", "approval", "limited"

// How much of one limit is used, after this decision.
struct Quota {
  std::uint32_t limit = 0;  // index into Program::limits()
  std::int64_t max = 0;     // at the counter's scale; of a bucket its burst: how much fits at once
  std::int64_t used = 0;    // likewise; charges of this call included when it was allowed
  std::int64_t remaining = 0;                  // max - used, not below 0
  std::optional<std::int64_t> window_end_ms;   // as in ChargeState
  std::optional<std::int64_t> retry_after_ms;  // likewise
  bool is_short = false;                       // this limit had no room
  bool retryable = true;  // false: waiting does not help (lifetime used up, amount above max)
};

// `rules` are indices into Program::rules(), in the order of the policy. They are: for deny, every
// rule that fired (or 0, the default; or the allow rules that name the tool and are not true); for
// allow, the allow rules that are true (or 0); for limited, the rules of the limits without room;
// for approval, the approve rules that fired.
struct Decision {
  Outcome outcome = Outcome::Deny;
  std::vector<std::uint32_t> rules;
  std::string message;  // for the agent, without the [POLICY …] prefix; empty for allow
  std::optional<std::int64_t>
      retry_after_ms;  // limited: the maximum over all short limits; none if not retryable, or if
                       // all there is to wait for is the end of a call
  std::vector<Quota> quotas;  // every limit that applied, when limits were looked at
  bool is_uncounted = false;  // allow, approval: the store could not answer, and every limit of the
                              // call says `on_store_error: allow`
  std::string approval_group;                 // approval
  std::uint32_t approval_within_seconds = 0;  // approval

  // Ready for the next call; keeps its memory.
  void Clear() {
    outcome = Outcome::Deny;
    rules.clear();
    message.clear();
    retry_after_ms.reset();
    quotas.clear();
    is_uncounted = false;
    approval_group.clear();
    approval_within_seconds = 0;
  }
};

}  // namespace policy

#endif  // POLICY_DECISION_H_
