// One client and one server: what becomes of each message between them. No I/O, no clock, no
// policy: messages in, actions out.
//
// The session knows which requests are in flight, each way, and lets only answers to those through.
// Calls of tools it hands to its owner to decide.
//
//   switch (Action action = session.FromClient(message); action.step) {
//     case Step::Decide: …then session.Sent(action.exchange) or session.Finish(action.exchange)
#ifndef RUNTIME_MCP_SESSION_H_
#define RUNTIME_MCP_SESSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/mcp/exchange_table.h"
#include "runtime/mcp/message.h"
#include "runtime/mcp/method_policy.h"

namespace policy::mcp {

// Codes of the errors that the proxy answers with. Its own stand outside -32768..-32000, which
// JSON-RPC and MCP keep for themselves.
inline constexpr int kParseErrorCode = -32700;
inline constexpr int kInvalidRequestCode = -32600;
inline constexpr int kMethodNotFoundCode = -32601;
inline constexpr int kServerGoneCode = -31001;        // the server ended before it answered
inline constexpr int kUnreadableAnswerCode = -31002;  // its answer could not be read
inline constexpr int kTooManyRequestsCode = -31003;   // kExchangesMax are in flight
inline constexpr int kDeniedMethodCode = -31004;      // the policy's default denies the method

enum class Step : std::uint8_t {
  Forward,  // the bytes go to the other side
  Decide,   // a call of a tool: the policy says; its exchange is Held
  Cancel,   // cancels `exchange`; see Session::Cancel
  Answer,   // the sender gets an error with `code` and `text`
  Drop,     // goes nowhere; `text` says why
};

struct Action {
  Step step = Step::Drop;
  // Forward of a response: the request that it answers. Decide, Cancel: the request. Forward of a
  // request: itself.
  std::optional<ExchangeId> exchange = {};
  int code = 0;
  std::string text = {};
};

// Not thread-safe.
class Session {
 public:
  explicit Session(MethodPolicy methods) : methods_(std::move(methods)) {}

  Action FromClient(const Message& message);
  // After Forward of a response the owner calls Finish.
  Action FromServer(const Message& message);

  // What could not be read. Answer: to the sender. Forward never.
  Action RefusedFromClient(const Refusal& refusal);
  Action RefusedFromServer(const Refusal& refusal);
  // The request that a refused response would have answered: its sender is told so.
  std::optional<ExchangeId> AnsweredBy(const Refusal& refusal, Direction direction);

  // The held call goes to the server.
  void Sent(ExchangeId exchange) { client_.at(exchange).state = ExchangeState::Sent; }
  // The client's request is answered, or taken back before it was sent.
  void Finish(ExchangeId exchange) { client_.Remove(exchange); }
  void FinishServers(ExchangeId exchange) { server_.Remove(exchange); }
  // The client waits no longer for what was sent. Returns an exchange to settle and Finish, as
  // ExchangeTable::Cancel.
  std::optional<ExchangeId> Cancel(ExchangeId exchange) { return client_.Cancel(exchange); }

  const Exchange& client_exchange(ExchangeId exchange) const { return client_.at(exchange); }
  const Exchange& server_exchange(ExchangeId exchange) const { return server_.at(exchange); }
  // The client waits for an answer.
  bool is_client_waiting() const { return client_.HasAwaited(); }
  std::vector<ExchangeId> ClientInFlight() const { return client_.InFlight(); }

  void set_default_allows(bool allows) { methods_.default_allows = allows; }

 private:
  Action RequestFromClient(const Message& message);
  Action CancellationFromClient(const Message& message);

  MethodPolicy methods_;
  ExchangeTable client_;  // requests of the client
  ExchangeTable server_;  // requests of the server
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_SESSION_H_
