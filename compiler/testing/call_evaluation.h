// Calls as people write them, decided one after the other by the machine that decides in
// production: what `policyc eval` prints and what tests hold to their expectations.
#ifndef COMPILER_TESTING_CALL_EVALUATION_H_
#define COMPILER_TESTING_CALL_EVALUATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/program.h"
#include "policy/request.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/call_line.h"
#include "runtime/mcp/message.h"
#include "runtime/program/frame.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"

namespace policy {

// Who calls whom where a line does not say.
struct CallDefaults {
  std::string server;  // empty: that of the lock, where it has one alone; else default
  std::string grant = "local";
};

// Counters begin empty and are shared by the lines; an allow is charged. Not thread-safe.
class CallEvaluation {
 public:
  CallEvaluation(std::shared_ptr<const Program> program, CallDefaults defaults);

  // Decides `line`, a JSON-RPC request or a call line (runtime/mcp/call_line.h), at `now_ns` unless
  // it has a clock of its own. False: it is refused as the gateway would refuse it, which
  // `decision` says as a deny without rules; then the frame holds nothing.
  bool Decide(std::string_view line, std::int64_t now_ns, Decision& decision);

  const Program& program() const { return policy_.program(); }
  // The call as it was decided last; refers to its line.
  Frame& frame() { return frame_; }

 private:
  bool Read(std::string_view line, CallContext& context, Decision& decision);
  bool ReadMessage(std::string_view line, CallContext& context, Decision& decision);
  bool ReadCall(const mcp::CallLine& call, CallContext& context, Decision& decision);

  const CallDefaults defaults_;
  MemoryCounters counters_;
  BoundPolicy policy_;
  mcp::CallLineReader call_reader_;
  mcp::MessageReader message_reader_{mcp::Direction::FromClient};
  Frame frame_;
  Decider decider_;
};

}  // namespace policy

#endif  // COMPILER_TESTING_CALL_EVALUATION_H_
