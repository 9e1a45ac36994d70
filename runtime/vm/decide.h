// One call, read into a frame, becomes one Decision: LANGUAGE.md section 1, steps 1 to 6.
//
//   Decider decider;                                  // one a thread
//   reader.Read(bytes, &frame);                       // runtime/mcp: fills the slots of args
//   switch (decider.Decide(bound, frame, context, decision, reservation)) …
#ifndef RUNTIME_VM_DECIDE_H_
#define RUNTIME_VM_DECIDE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/decision.h"
#include "policy/request.h"
#include "runtime/program/frame.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/charge_set.h"
#include "runtime/vm/findings.h"

namespace policy {

enum class DecideResult : std::uint8_t {
  Decided,
  NeedsStore,  // nothing was decided or taken: park the call, and decide again after
               // Counters::WhenReady(charges())
};

// Decides calls; keeps scratch memory from one to the next. Not thread-safe: one a thread, for any
// number of policies.
class Decider {
 public:
  // Fills the context slots of `frame` and decides. `frame` is one of policy's program, filled from
  // the call's arguments, with its tool and frame.arguments set; it may be decided again, with
  // another context. `reservation` must hold nothing; it holds charges only after an allow.
  DecideResult Decide(const BoundPolicy& policy, Frame& frame, const CallContext& context,
                      Decision& decision, Reservation& reservation);

  // What the last Decide asked the counters for; valid until the next.
  std::span<const Charge> charges() const { return charges_.charges(); }

 private:
  bool Admits(const Layout& layout) const;
  void Deny(const Layout& layout, Frame& frame, Decision& decision);
  DecideResult TakeCharges(const BoundPolicy& policy, Frame& frame, const CallContext& context,
                           Decision& decision, Reservation& reservation);
  void Conclude(ReserveResult result, const Layout& layout, Frame& frame, Decision& decision);
  bool MayGoUncounted(const Layout& layout) const;
  void Limit(const Layout& layout, Decision& decision);
  void Approve(const Layout& layout, Frame& frame, Decision& decision);
  void Allow(const Layout& layout, Decision& decision);

  Findings findings_;
  bool has_findings_ = false;  // of the last call
  ChargeSet charges_;
};

// A deny without rules, for a call that could not be read.
void Refuse(std::string reason, Decision& decision);

}  // namespace policy

#endif  // RUNTIME_VM_DECIDE_H_
