// policyd between its own standard streams and a server that is its child: moves the bytes, and
// ends both sides.
#ifndef RUNTIME_GATEWAY_STDIO_GATEWAY_H_
#define RUNTIME_GATEWAY_STDIO_GATEWAY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "runtime/gateway/decision_log.h"
#include "runtime/gateway/message_relay.h"
#include "runtime/gateway/relay_output.h"
#include "runtime/mcp/line_framing.h"
#include "runtime/transport/child_process.h"
#include "runtime/transport/error_stream.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/output_queue.h"
#include "runtime/transport/stream.h"

namespace policy::gateway {

// How a server is ended: its input closes; it is asked; it is killed. Together with the last
// flush less than two seconds.
inline constexpr std::chrono::milliseconds kCloseGrace{900};
inline constexpr std::chrono::milliseconds kTerminateGrace{400};
inline constexpr std::chrono::milliseconds kFlushGrace{400};

inline constexpr std::size_t kReadBytesMax = std::size_t{64} << 10;  // one read

// A line each, in two queues: what the relay says over stdio.
class QueuedOutput final : public RelayOutput {
 public:
  void ToClient(std::string_view bytes, Regarding) override { to_client_.Append(bytes); }
  void ToServer(std::string_view bytes, Regarding regarding) override {
    to_server_.Append(bytes, regarding.said == Said::Request ? regarding.sequence : 0);
  }
  bool TakeBack(std::uint64_t sequence) override { return to_server_.Remove(sequence); }
  bool server_is_full() const override { return to_server_.is_full(); }

  transport::OutputQueue& to_client() { return to_client_; }
  const transport::OutputQueue& to_client() const { return to_client_; }
  transport::OutputQueue& to_server() { return to_server_; }

 private:
  transport::OutputQueue to_client_;
  transport::OutputQueue to_server_;
};

// Not thread-safe. Lives in the loop's thread.
class StdioGateway {
 public:
  // All references, and `log` (may be null), outlive the gateway. `output` is the relay's.
  StdioGateway(transport::EventLoop& loop, transport::ChildProcess& child,
               transport::ErrorStream& errors, MessageRelay& relay, QueuedOutput& output,
               DecisionLog* log);
  StdioGateway(const StdioGateway&) = delete;  // the loop refers to it
  StdioGateway& operator=(const StdioGateway&) = delete;
  ~StdioGateway();

  // Until both sides have ended. Returns the child's exit code.
  int Run();

  // SIGCHLD, and the signals that end policyd.
  void Signal(int signal);

 private:
  // A watched stream; calls a member of the gateway when it is ready.
  struct Watched final : transport::EventHandler {
    using Ready = void (StdioGateway::*)();

    Watched(StdioGateway& owner, transport::Stream& watched_stream, Ready on_ready)
        : gateway(owner), stream(watched_stream), ready(on_ready) {}
    void OnReady(transport::Interest) override { (gateway.*ready)(); }
    void Wait(transport::Interest interest);
    void Close();

    StdioGateway& gateway;
    transport::Stream& stream;
    Ready ready;
    bool is_watched = false;
  };

  void ReadClient();
  void ReadServer();
  transport::StreamState MoveFromServer();
  void ReadErrors();
  void Flush();  // what is ready to be written is written at the end of the turn

  void EndOfTurn();
  void WriteToServer();
  void WriteToClient();
  void FlushLog();
  void WaitForWhatMatters();

  void BeginEnd();
  void DrainServer();
  bool IsDone() const;

  transport::EventLoop& loop_;
  transport::ChildProcess& child_;
  transport::ErrorStream& errors_;
  MessageRelay& relay_;
  QueuedOutput& output_;
  DecisionLog* log_;
  transport::Stream client_input_;
  transport::Stream client_output_;
  Watched from_client_{*this, client_input_, &StdioGateway::ReadClient};
  Watched to_client_{*this, client_output_, &StdioGateway::Flush};
  Watched from_server_{*this, child_.output(), &StdioGateway::ReadServer};
  Watched to_server_{*this, child_.input(), &StdioGateway::Flush};
  Watched from_errors_{*this, child_.errors(), &StdioGateway::ReadErrors};
  mcp::LineFraming client_lines_{mcp::kMessageBytesMax};
  mcp::LineFraming server_lines_{mcp::kMessageBytesMax};
  std::vector<char> room_;
  bool is_ending_ = false;          // no more is taken from the client
  bool server_is_drained_ = false;  // the child has ended, and all it said is read
  bool log_has_failed_ = false;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_STDIO_GATEWAY_H_
