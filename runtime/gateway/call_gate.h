// What stands before the policy: whether a call may be looked at just now, whatever the policy
// says.
#ifndef RUNTIME_GATEWAY_CALL_GATE_H_
#define RUNTIME_GATEWAY_CALL_GATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/counters.h"
#include "policy/decision.h"
#include "policy/program.h"
#include "runtime/mcp/message.h"

namespace policy::gateway {

// A call that was decided.
struct DecidedCall {
  std::string_view tool;
  const Decision& decision;
  const Program& program;
  bool is_observed = false;  // it is let through, although it says otherwise
  bool has_waited = false;   // for the store of its counters
  std::int64_t latency_ns = 0;
};

// A call that was sent to the server, and how it ended.
struct EndedCall {
  Settlement settlement = Settlement::Commit;
  std::int64_t upstream_ns = 0;  // from its decision on
};

// Called by the pipeline, in its thread.
class CallGate {
 public:
  // A sentence for the agent that says why the call is denied; nullopt: it is admitted, and
  // Release is called when it has ended, whatever way: null, unless it was sent to the server.
  virtual std::optional<std::string> WhyNot(const mcp::Message& call) = 0;
  virtual void Release(const EndedCall* ended) = 0;
  virtual void Decided(const DecidedCall& call) = 0;

 protected:
  ~CallGate() = default;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CALL_GATE_H_
