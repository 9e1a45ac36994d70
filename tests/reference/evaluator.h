// The slow, obvious evaluator: what LANGUAGE's sections 1 to 5 say, a sentence at a time.
//
// It shares no code with the product; where both agree on generated policies, the meaning has been
// written down twice.
#ifndef TESTS_REFERENCE_EVALUATOR_H_
#define TESTS_REFERENCE_EVALUATOR_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/reference/expression.h"
#include "tests/reference/meter.h"
#include "tests/reference/policy.h"

namespace reference {

struct Context {
  std::string server = "default";
  std::string grant = "local";
  std::string grant_label;
  std::string grant_tags;        // raw JSON list, or empty
  std::string grant_attributes;  // raw JSON record, or empty
  std::string session;
  std::string claims;  // raw JSON record, or empty
  std::string client_name;
  std::string client_version;
  std::string annotations;  // raw JSON record, or empty
  std::int64_t now_ns = 0;
};

struct Call {
  std::string tool;
  std::string arguments = "{}";  // raw JSON
  Context context;
};

enum class Outcome { Allow, Deny, Approval, Limited };

struct Quota {
  std::string rule;
  std::int64_t max = 0;
  std::int64_t used = 0;
  std::int64_t remaining = 0;
  std::optional<std::int64_t> window_end_ms;
  std::optional<std::int64_t> retry_after_ms;
  bool is_short = false;
  bool retryable = true;

  friend bool operator==(const Quota&, const Quota&) = default;
};

struct Decision {
  Outcome outcome = Outcome::Deny;
  std::vector<std::string> rules;  // in the order of the policy
  std::string speaker;             // deny: the rule whose message is given; may be empty
  std::string speaker_text;        // what its author wrote; may be empty
  std::optional<std::int64_t> retry_after_ms;
  std::vector<Quota> quotas;
  std::string approval_group;
  std::int64_t approval_within_seconds = 0;
};

enum class Settlement { Commit, CommitError, Void };

class Evaluator {
 public:
  explicit Evaluator(Policy policy) : policy_(std::move(policy)) {}

  // Decides, and takes the charges of an allowed call.
  Decision Decide(const Call& call);

  // Settles the charges of the last call that was allowed.
  void Settle(Settlement settlement);

  // Counts every condition looked at; null: does not count. Conditions are all looked at, in any
  // case.
  Reached* reached = nullptr;

 private:
  struct Cell {
    std::int64_t begin_ns = 0;
    std::optional<std::int64_t> end_ns;
    std::int64_t used = 0;
    std::vector<Use> uses;  // of a counter that is not fixed
  };
  struct Held {
    std::string key;
    std::int64_t begin_ns = 0;
    std::int64_t amount = 0;
    bool refund = false;
    bool is_fixed = true;
    bool ends_with_call = false;
  };
  struct World;   // a call and what its conditions can see
  struct Charge;  // of one limit

  void FireDenials(const std::vector<const Rule*>& rules, World& world, Decision& out);
  std::vector<Charge> ChargesOf(const std::vector<const Rule*>& rules, World& world, Decision& out);
  bool Admits(const std::vector<const Rule*>& allows, World& world,
              std::vector<std::string>& admitting, Decision& out);
  bool LookAtMeter(const Charge& charge, std::int64_t now_ns, Quota& quota) const;
  void LookAtCells(std::vector<Charge>& charges, std::int64_t now_ns, Decision& out);
  void AskForApproval(const std::vector<const Rule*>& rules, World& world, Decision& out);
  void Take(const std::vector<Charge>& charges, std::int64_t now_ns, Decision& out);

  Policy policy_;
  std::map<std::string, Cell> cells_;
  std::vector<Held> held_;
};

}  // namespace reference

#endif  // TESTS_REFERENCE_EVALUATOR_H_
