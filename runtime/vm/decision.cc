#include "policy/decision.h"

namespace policy {

std::string_view NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::Allow:
      return "allow";
    case Outcome::Deny:
      return "deny";
    case Outcome::Approval:
      return "approval";
    case Outcome::Limited:
      return "limited";
  }
  return "deny";
}

void Decision::Clear() {
  outcome = Outcome::Deny;
  rules.clear();
  message.clear();
  retry_after_ms.reset();
  quotas.clear();
  approval_group.clear();
  approval_within_seconds = 0;
  is_uncounted = false;
}

}  // namespace policy
