// What the code of a call's tool found, before it is made a decision.
#ifndef RUNTIME_VM_FINDINGS_H_
#define RUNTIME_VM_FINDINGS_H_

#include <cstdint>
#include <vector>

#include "runtime/value/truth.h"

namespace policy {

// A rule, and what its condition came to: for Require already turned round, so that True always
// says that the rule fires and Unknown that it fires because nothing better is known.
struct FoundRule {
  std::uint32_t rule = 0;
  Truth truth = Truth::Unknown;
};

// In the order in which the code met them. A rule or limit stands here twice when two blocks of one
// statement cover the tool.
struct Findings {
  std::vector<FoundRule> denials;    // fired: deny, hide, require, closed arguments
  std::vector<FoundRule> allows;     // every allow rule that names the tool, fired or not
  std::vector<FoundRule> approvals;  // fired
  std::vector<std::uint32_t> limits;
  std::uint32_t native_runs = 0;  // counted by NativeCode, call after call

  // One allow rule names the tool and is true, and no other rule or limit has anything to say.
  bool is_one_allow() const {
    return allows.size() == 1 && allows.front().truth == Truth::True && denials.empty() &&
           approvals.empty() && limits.empty();
  }

  // Keeps the memory.
  void Clear() {
    denials.clear();
    allows.clear();
    approvals.clear();
    limits.clear();
  }
};

}  // namespace policy

#endif  // RUNTIME_VM_FINDINGS_H_
