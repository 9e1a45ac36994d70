// The pipeline around a call: decide, reserve, and settle when it has ended.
#ifndef RUNTIME_GATEWAY_CALL_PIPELINE_H_
#define RUNTIME_GATEWAY_CALL_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/decision.h"
#include "runtime/gateway/call_gate.h"
#include "runtime/gateway/decision_log.h"
#include "runtime/gateway/policy_version.h"
#include "runtime/limits/clock.h"
#include "runtime/mcp/exchange_table.h"
#include "runtime/mcp/message.h"
#include "runtime/vm/decide.h"

namespace policy::gateway {

// Who calls: the same for every call of a session. The JSON texts were read strictly before.
struct Caller {
  std::string server = "default";
  std::string grant = "local";
  std::string grant_label = {};
  std::string grant_tags = {};        // raw JSON list of strings, or empty
  std::string grant_attributes = {};  // raw JSON record, or empty
  std::string claims = {};            // raw JSON record, or empty
  std::string session;                // what counters of a session belong to; shown in the log
  std::string client_name;            // as initialize said; a modern request says it itself
  std::string client_version;
};

// What a call waits with for the store of its counters.
struct ParkedCall {
  std::string bytes;
  std::shared_ptr<PolicyVersion> policy;
  std::int64_t now_ns = 0;
  std::int64_t received_ns = 0;
  bool has_deadline = false;  // it is watched already, from the first time it was parked
};

enum class CallVerdict : std::uint8_t {
  Forward,  // its charges are held until Settle
  Answer,   // `answer()` is what the client gets
  Park,     // the store has to be asked; charges() says for what
};

// Not thread-safe.
class CallPipeline {
 public:
  struct Options {
    DecisionLog* log = nullptr;  // null: none is kept
    CallGate* gate = nullptr;    // null: every call is looked at
    bool observes = false;       // what the policy denies is let through, and logged
  };

  // All must outlive the pipeline; `identity` is LogIdentity's.
  CallPipeline(Clock& clock, const Options& options, const std::string& identity)
      : clock_(clock),
        log_(options.log),
        gate_(options.gate),
        observes_(options.observes),
        identity_(identity) {}
  CallPipeline(const CallPipeline&) = delete;  // settles what was abandoned, once
  CallPipeline& operator=(const CallPipeline&) = delete;
  ~CallPipeline();

  // Decides the call that was read into `policy`'s frame. `received_ns`: monotonic.
  CallVerdict Decide(const mcp::Message& message, mcp::ExchangeId exchange,
                     const std::shared_ptr<PolicyVersion>& policy, const Caller& caller,
                     std::int64_t received_ns);
  // Decides again after Park. `bytes` becomes the call, for Forward.
  CallVerdict Retry(mcp::ExchangeId exchange, mcp::MessageReader& reader, const Caller& caller,
                    std::string& bytes);
  // The store has not answered in time.
  void GiveUp(mcp::ExchangeId exchange, mcp::MessageReader& reader);

  // The charges that a parked call asks for, valid until the next call is decided.
  std::span<const Charge> charges() const { return decider_.charges(); }
  const std::string& answer() const { return answer_; }
  ParkedCall* parked(mcp::ExchangeId exchange);

  // The exchange has ended: what it holds is settled. Exchanges that are not calls hold nothing.
  void Settle(mcp::ExchangeId exchange, Settlement settlement);
  // The exchange is forgotten, though the server may still be at it: what it was charged stays, and
  // a place among the calls at once is not given to another.
  void Abandon(mcp::ExchangeId exchange);

 private:
  struct Call {
    Reservation reservation;
    bool holds_permit = false;  // the reservation is for Concurrency, among others
    bool is_admitted = false;   // by the gate
    bool has_waited = false;    // for the store
    std::int64_t sent_ns = 0;   // monotonic; 0: it was not, or there is no gate
    std::unique_ptr<ParkedCall> parked;
  };

  Call& CallOf(mcp::ExchangeId exchange);
  CallVerdict DecideAt(const mcp::Message& message, mcp::ExchangeId exchange,
                       const std::shared_ptr<PolicyVersion>& policy, const Caller& caller,
                       std::int64_t now_ns, std::int64_t received_ns);
  void Deny(const mcp::Message& message, std::string_view reason);
  // Tells the log and the gate. Returns how long deciding took, if there is either.
  struct Happened {
    std::int64_t now_ns;
    std::int64_t received_ns;
    std::string_view reason;  // why a call is denied that no rule decided; empty: one did
    bool has_waited;
  };
  std::int64_t Log(const mcp::Message& message, const PolicyVersion& policy,
                   const Happened& happened);
  bool Admit(const mcp::Message& message, Call& call);
  void Release(Call& call, Settlement settlement);

  Clock& clock_;
  DecisionLog* log_;
  CallGate* gate_;
  bool observes_;
  const std::string& identity_;
  Decider decider_;
  Decision decision_;
  std::string answer_;
  std::string denial_;                  // the gate's, of the call at hand
  std::vector<Call> calls_;             // by exchange
  std::vector<Reservation> abandoned_;  // with permits: never more than there are of those
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CALL_PIPELINE_H_
