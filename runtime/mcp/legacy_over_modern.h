// One client of the legacy era, with its session, in front of a modern server.
//
// The server knows no sessions: the bridge answers initialize from server/discover, says in every
// request what the client said once, and turns `input_required` into requests to the client, whose
// answers go with the retry. What the client subscribes to becomes one subscriptions/listen.
//
// What it cannot carry over, and how that is told:
//   tasks, whose two kinds have nothing in common: -32601, or -32602 where a request wants one;
//   an answer of a kind that the legacy era has not (resultType "task", or an unknown one): an
//   error; input that the client cannot be asked for: its request is answered with an error.
#ifndef RUNTIME_MCP_LEGACY_OVER_MODERN_H_
#define RUNTIME_MCP_LEGACY_OVER_MODERN_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mcp/bridge.h"
#include "runtime/mcp/log_level.h"
#include "runtime/mcp/message.h"

namespace policy::mcp {

// Not thread-safe.
class LegacyOverModern {
 public:
  // A message of the client's. `asker`: of a request, not used before and not 0. Its answer, and
  // what the client is asked on the way there, come out with it.
  BridgedMessages FromClient(AskerId asker, const Message& message);

  // `related`: the asker whose request the message came with, where the transport says so; else 0.
  BridgedMessages FromServer(const Message& message, AskerId related);

  // The asker's request is to be cancelled.
  BridgedMessages Leave(AskerId asker);

  bool is_ready() const { return state_ == State::Ready; }
  std::size_t open_calls() const { return calls_.size(); }

 private:
  enum class State : std::uint8_t { Fresh, Discovering, Ready };

  // Something that the client is asked on the way to an answer.
  struct Question {
    std::string key;                           // of inputRequests, unescaped
    std::uint64_t number = 0;                  // the id under which the client is asked
    std::optional<std::string> response = {};  // raw
  };

  // A request of the client's.
  struct Call {
    AskerId asker = 0;
    std::string id;     // raw
    std::string token;  // raw; empty: it wants no progress
    std::string method;
    std::string bytes;  // as the client sent it; kept where the server may ask
    std::vector<Question> questions = {};
    std::string request_state = {};  // raw; empty: none
    int rounds = 0;
  };
  using Calls = std::map<std::uint64_t, Call>;

  void Initialize(AskerId asker, const Message& message, BridgedMessages& out);
  void Discovered(const Message& message, BridgedMessages& out);
  void Request(AskerId asker, const Message& message, BridgedMessages& out);
  bool AnswerHere(AskerId asker, const Message& message, BridgedMessages& out);
  void Send(AskerId asker, const Message& message, BridgedMessages& out);
  std::string MetaMembers() const;
  void CancelledByClient(const Message& message, BridgedMessages& out);
  void QuestionAnswered(const Message& message, BridgedMessages& out);

  void Answered(Calls::iterator call, const Message& message, BridgedMessages& out);
  void InputRequired(Calls::iterator call, const Message& message, BridgedMessages& out);
  void Retry(Calls::iterator call, BridgedMessages& out);
  void Fail(Calls::iterator call, std::string_view text, BridgedMessages& out);
  void Notified(const Message& message, AskerId related, BridgedMessages& out);
  void Listen(BridgedMessages& out);
  void StopListening(BridgedMessages& out);
  bool ServerHas(std::string_view feature, std::string_view flag) const;
  std::string OwnId() { return std::to_string(next_number_++); }

  State state_ = State::Fresh;
  AskerId initialize_asker_ = 0;
  std::string initialize_id_;  // raw, the client's
  std::string version_;        // that the client is told
  std::string client_info_;    // raw; may be empty
  std::string client_capabilities_;
  std::string capabilities_;  // the server's, raw
  std::uint64_t discover_ = 0;
  std::uint64_t listen_ = 0;     // 0: not listening
  bool is_initialized_ = false;  // the client has said so
  std::set<std::string> uris_;
  int log_level_ = kNoLogLevel;
  Calls calls_;
  std::map<std::uint64_t, std::uint64_t> questions_;  // by number: the call
  std::uint64_t next_number_ = 1;                     // of requests to the server
  std::uint64_t next_question_ = 1;                   // of requests to the client
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_LEGACY_OVER_MODERN_H_
