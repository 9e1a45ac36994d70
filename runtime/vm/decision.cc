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

}  // namespace policy
