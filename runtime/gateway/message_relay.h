// Every message between one client and one server: read strictly, judged, forwarded as the bytes
// that came, or answered.
//
// Messages go in; what there is to say goes to a RelayOutput, which stands for both sides. The
// relay does no I/O and waits for nothing. It is the same over stdio and over HTTP.
#ifndef RUNTIME_GATEWAY_MESSAGE_RELAY_H_
#define RUNTIME_GATEWAY_MESSAGE_RELAY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "runtime/gateway/call_pipeline.h"
#include "runtime/gateway/decision_log.h"
#include "runtime/gateway/policy_version.h"
#include "runtime/gateway/relay_output.h"
#include "runtime/limits/clock.h"
#include "runtime/mcp/message.h"
#include "runtime/mcp/session.h"
#include "runtime/transport/event_loop.h"

namespace policy::gateway {

// A call waits so long for the store of its counters; then it is denied.
inline constexpr std::chrono::milliseconds kStoreWaitMax{2'000};
// Names of tools that the client was shown or not shown: remembered, to tell it when that changes.
inline constexpr std::size_t kListedToolsMax = 65'536;

struct RelayOptions {
  Caller caller;
  std::vector<std::string> passed_methods;
  CallGate* gate = nullptr;  // stands before the policy; null: nothing does. Outlives the relay
  bool observes = false;     // what the policy denies or hides is let through, and logged
};

// Not thread-safe: everything happens in the loop's thread.
class MessageRelay {
 public:
  using Say = std::function<void(std::string_view line)>;

  // All references, and `log` (may be null), must outlive the relay; `say` writes a line for the
  // operator. The store of the counters may wake a call through `loop` until the loop has ended.
  MessageRelay(RelayOptions options, std::shared_ptr<PolicyVersion> policy, RelayOutput& output,
               transport::EventLoop& loop, Clock& clock, DecisionLog* log, Say say);
  MessageRelay(const MessageRelay&) = delete;  // the loop's timers refer to it
  MessageRelay& operator=(const MessageRelay&) = delete;
  ~MessageRelay();

  // One message without its line ending.
  void ClientLine(std::string_view line);
  // `sequence`: the client's request that the message came with, where each has a stream of its
  // own; else 0.
  void ServerLine(std::string_view line, std::uint64_t sequence = 0);
  // A line longer than a message may be was skipped.
  void ClientLineTooLong();
  void ServerLineTooLong(std::uint64_t sequence = 0);

  // From the next call on `policy` decides.
  void Install(std::shared_ptr<PolicyVersion> policy);
  const PolicyVersion& policy() const { return *policy_; }

  // No answer will come to the request that ToServer got as `sequence`: the client is told `text`.
  // What was charged for it stays, unless it was never sent. Answered already: nothing happens.
  struct Failure {
    std::string_view text;
    bool was_sent = true;
  };
  void RequestFailed(std::uint64_t sequence, Failure failure);

  // The client waits no longer for the answer to `sequence`, though it did not say so in a message:
  // as if it had cancelled it. `notice` (may be empty) is what a server is told that has it
  // already.
  void ClientLeft(std::uint64_t sequence, std::string_view notice);

  // The server has ended: every request in flight is answered with an error. Nothing is forwarded
  // any more.
  void ServerGone();

  // Who calls from the next call on: the same grant, as it is known now.
  void SetCaller(const Caller& caller);

  bool has_parked_calls() const { return parked_count_ != 0; }
  // The client waits for an answer. What it has cancelled does not count.
  bool has_requests_in_flight() const { return session_.is_client_waiting(); }
  const Caller& caller() const { return caller_; }

 private:
  void RefusedFromClient(const mcp::Refusal& refusal);
  void RefusedFromServer(const mcp::Refusal& refusal, std::string_view line);
  void AnswerClient(const mcp::Message& message, const mcp::Action& action);
  void ErrorToClient(mcp::ExchangeId exchange, int code, std::string_view text);
  void Forward(const mcp::Message& message, const mcp::Action& action);
  void Cancel(std::string_view notice, mcp::ExchangeId request);
  std::optional<mcp::ExchangeId> InFlight(std::uint64_t sequence) const;
  std::uint64_t SequenceOf(mcp::ExchangeId exchange) const {
    return session_.client_exchange(exchange).sequence;
  }
  void ForwardResponse(const mcp::Message& message, mcp::ExchangeId request);
  void ForwardToolsList(const mcp::Message& message, mcp::ExchangeId request);
  void NoteInitialized(const mcp::Message& message);
  void ErrorToServer(std::string_view id, int code, std::string_view text);

  void Conclude(CallVerdict verdict, std::string_view bytes, mcp::ExchangeId exchange);
  void Park(mcp::ExchangeId exchange);
  void Retry(mcp::ExchangeId exchange, std::uint64_t sequence);
  void GiveUp(mcp::ExchangeId exchange, std::uint64_t sequence);
  void Finish(mcp::ExchangeId exchange, Settlement settlement);
  bool IsParked(mcp::ExchangeId exchange, std::uint64_t sequence);
  void LogRefusal(std::string_view method, std::string_view reason);

  std::string MethodDenialText(const std::string& text) const;

  Caller caller_;
  std::string identity_;  // of the caller, in lines of the log
  std::shared_ptr<PolicyVersion> policy_;
  RelayOutput& output_;
  transport::EventLoop& loop_;
  Clock& clock_;
  DecisionLog* log_;
  Say say_;
  bool observes_;
  bool takes_time_;  // somebody wants to know how long decisions take
  mcp::MessageReader client_reader_{mcp::Direction::FromClient};
  mcp::MessageReader parked_reader_{mcp::Direction::FromClient};
  mcp::MessageReader server_reader_{mcp::Direction::FromServer};
  mcp::Session session_;
  CallPipeline pipeline_;
  std::string scratch_;
  std::unordered_set<std::string> listed_tools_;
  std::size_t parked_count_ = 0;
  bool server_tells_list_changes_ = false;
  bool server_is_gone_ = false;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // for what the loop holds of us
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_MESSAGE_RELAY_H_
