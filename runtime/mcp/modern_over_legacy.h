// Clients of the modern era in front of one session of a legacy server.
//
// Every request of a client stands for itself; the server wants to be initialized once, and asks
// questions of its own (elicitation, sampling, roots) while it works. The bridge initializes it,
// answers server/discover and subscriptions/listen in its place, and turns a question into the
// answer `input_required`: the server's call stays open until the client comes back with
// inputResponses, which become the answer to the question.
//
// What it cannot carry over, and how that is told:
//   a question while several calls are waited for, over a transport that does not say which one
//     asks: the server gets an error, for a wrong guess would ask in the wrong place;
//   a question that the client's request has not declared: the server gets an error, and the client
//     -32021;
//   tasks, whose two kinds have nothing in common: -32601;
//   the URL that error -32042 wants opened: the error, as -32603;
//   log messages while several calls are open: dropped, as they cannot be told apart.
#ifndef RUNTIME_MCP_MODERN_OVER_LEGACY_H_
#define RUNTIME_MCP_MODERN_OVER_LEGACY_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/mcp/bridge.h"
#include "runtime/mcp/log_level.h"
#include "runtime/mcp/message.h"

namespace policy::mcp {

// Not thread-safe. All clients of one are the same caller: grant and subject.
class ModernOverLegacy {
 public:
  struct Options {
    std::string client_info = R"({"name":"policyd","version":"0"})";  // raw JSON
    StateSeal seal;
  };

  // REQUIRES: both halves of the seal are there.
  explicit ModernOverLegacy(Options options);

  // The handshake. First, once.
  BridgedMessages Start();

  // A message of the modern era whose headers and _meta were found right (CheckHeaders).
  // `asker`: not used before, and not 0.
  BridgedMessages FromClient(AskerId asker, const Message& message);

  // `related`: the asker whose request the message came with, where the transport says so; else 0.
  BridgedMessages FromServer(const Message& message, AskerId related);

  // The asker has gone: modern clients cancel so. Not for one that was answered.
  BridgedMessages Leave(AskerId asker);

  // Time passes; calls that have waited for their client for too long are given up.
  BridgedMessages Tick(std::int64_t now_ms);

  bool is_ready() const { return state_ == State::Ready; }
  // The version that the server has chosen; empty until it is ready.
  const std::string& version() const { return version_; }
  std::size_t open_calls() const { return calls_.size(); }

 private:
  enum class State : std::uint8_t { Fresh, Initializing, Ready, Failed };

  // A question of the server's to the client.
  struct Question {
    std::string key;  // under which the client is asked
    std::string id;   // raw, as the server wrote it
    std::string method;
    std::string params;  // raw; may be empty
    bool was_asked = false;
  };

  // A request at the server.
  struct Call {
    AskerId asker = 0;   // who waits for it; 0: nobody, until the client comes back
    AskerId origin = 0;  // who asked first
    std::string id;      // raw, of whoever waits
    std::string token;   // raw; empty: no progress is wanted
    std::string method;
    std::string essence;  // what a retry has to repeat
    std::string capabilities;
    int log_level = kNoLogLevel;
    std::vector<Question> questions = {};
    std::optional<std::string> answer = {};  // came while nobody waited
    std::uint64_t round = 0;                 // counts input_required
    std::int64_t asked_ms = 0;
  };

  struct Listener {
    AskerId asker = 0;
    std::string id;
    bool tools = false;
    bool prompts = false;
    bool resources = false;
    std::vector<std::string> uris = {};
  };

  struct Wish {
    bool wants;
  };
  struct Among {
    bool can_ask;  // only those whose method lets a server ask
  };

  void Initialized(const Message& message, BridgedMessages& out);
  void Request(AskerId asker, const Message& message, BridgedMessages& out);
  void Discover(AskerId asker, const Message& message, BridgedMessages& out) const;
  void Listen(AskerId asker, const Message& message, BridgedMessages& out);
  void EndListener(std::map<AskerId, Listener>::iterator listener, BridgedMessages& out);
  void Subscribe(const std::string& uri, Wish wish, BridgedMessages& out);
  void Send(AskerId asker, const Message& message, BridgedMessages& out);
  void Resume(AskerId asker, const Message& message, BridgedMessages& out);
  void TakeResponses(Call& call, std::string_view responses, BridgedMessages& out) const;
  void SetLogLevel(const Call& call, BridgedMessages& out);
  void CancelledByClient(AskerId asker, const Message& message, BridgedMessages& out);

  void Answered(std::uint64_t number, const Message& message, BridgedMessages& out);
  std::string ModernResult(const Call& call, const Message& message) const;
  static std::string ModernError(const Call& call, const Message& message);
  void Asked(const Message& message, AskerId related, BridgedMessages& out);
  void LackCapability(std::map<std::uint64_t, Call>::iterator call, const Message& question,
                      BridgedMessages& out);
  void Ask(std::uint64_t number, Call& call, BridgedMessages& out);
  void Notified(const Message& message, AskerId related, BridgedMessages& out);
  void LimitQuestions(BridgedMessages& out);
  void Progressed(const Message& message, BridgedMessages& out) const;
  void Logged(const Message& message, AskerId related, BridgedMessages& out);
  void Changed(const Message& message, BridgedMessages& out) const;
  void Withdrawn(const Message& message);
  std::map<std::uint64_t, Call>::iterator OnlyCall(AskerId related, Among among);
  void GiveUp(std::map<std::uint64_t, Call>::iterator call, BridgedMessages& out);
  std::string OwnId() { return std::to_string(next_number_++); }

  Options options_;
  State state_ = State::Fresh;
  std::string initialize_id_;
  std::string failure_;
  std::string version_;
  std::string capabilities_;  // the server's, raw
  std::string server_info_;   // raw; may be empty
  std::string instructions_;  // raw; may be empty
  int log_level_ = kNoLogLevel;
  std::deque<std::pair<AskerId, std::string>> waiting_;
  std::map<std::uint64_t, Call> calls_;
  std::map<AskerId, Listener> listeners_;
  std::map<std::string, std::size_t> subscribed_;  // URIs, and how many listeners want each
  std::uint64_t next_number_ = 1;                  // of requests to the server
  std::uint64_t next_question_ = 1;
  std::int64_t now_ms_ = 0;
  MessageReader reader_{Direction::FromClient};
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_MODERN_OVER_LEGACY_H_
