// Deciding calls in process: a Program, Counters, and one call after another.
//
//   Evaluator evaluator(program, counters, "attachment");
//   Decision decision;  Reservation reservation;
//   if (evaluator.Decide(request_bytes, context, decision, reservation) ==
//   Evaluator::Result::Decided) …
//   // allow: do the call, then reservation.Settle(Settlement::Commit)
#ifndef POLICY_EVALUATOR_H_
#define POLICY_EVALUATOR_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "policy/counters.h"
#include "policy/decision.h"
#include "policy/program.h"
#include "policy/request.h"

namespace policy {

// Reads, decides and reserves. Not thread-safe: one a thread, over shared Counters. Reuses its
// memory from call to call.
class Evaluator {
 public:
  // `attachment` names the (server, grant) the policy is attached to: part of the identity of its
  // counters.
  Evaluator(std::shared_ptr<const Program> program, Counters& counters, std::string attachment);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;  // owns the scratch memory of the call at hand
  Evaluator& operator=(const Evaluator&) = delete;

  // NeedsStore: nothing was decided or taken; decide again after Counters::WhenReady(charges()).
  enum class Result : std::uint8_t { Decided, NeedsStore };

  // `arguments` is the raw JSON of params.arguments, already read strictly; prefer runtime/mcp's
  // reader for requests.
  Result DecideArguments(std::string_view tool, std::string_view arguments,
                         const CallContext& context, Decision& decision, Reservation& reservation);

  // `request` is one JSON-RPC tools/call request. What would be refused is a deny without rules.
  Result Decide(std::string_view request, const CallContext& context, Decision& decision,
                Reservation& reservation);

  // What the last call asked the counters for; valid until the next.
  std::span<const Charge> charges() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace policy

#endif  // POLICY_EVALUATOR_H_
