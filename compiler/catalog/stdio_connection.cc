#include "compiler/catalog/stdio_connection.h"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <optional>
#include <utility>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/response_match.h"
#include "runtime/mcp/line_framing.h"
#include "runtime/transport/child_process.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/output_queue.h"

namespace policy::catalog {

namespace {

using transport::Interest;
using transport::StreamState;

constexpr std::size_t kErrorBytesKept = 2'000;
constexpr std::size_t kSaidBytesMax = std::size_t{256} << 20;  // of one server, all told
constexpr std::chrono::milliseconds kEndTime{2'000};           // to end by itself

class StdioConnection final : public ServerConnection {
 public:
  explicit StdioConnection(transport::ChildProcess child) : child_(std::move(child)) {}
  StdioConnection(const StdioConnection&) = delete;  // an event loop refers to it
  StdioConnection& operator=(const StdioConnection&) = delete;

  ~StdioConnection() override {
    // Its input ends: that is how a server is asked to end.
    child_.input().Close();
    Turn({}, kEndTime);
    child_.KillAll();
  }

  std::expected<std::string, std::string> Ask(const Question& question) override {
    queue_.Append(question.text);
    Turn(question.id, kAnswerTimeMax);
    if (response_) return *std::exchange(response_, std::nullopt);
    return std::unexpected(fmt::format("{} to {}{}", trouble_, question.method, Errors()));
  }

  std::expected<void, std::string> Tell(const std::string& notification) override {
    queue_.Append(notification);  // goes out before the next question
    return {};
  }

  void Agree(std::string_view) override {}

 private:
  enum class Pipe : std::uint8_t { Input, Output, Errors };

  // Hears of one of the child's descriptors.
  struct Watcher final : transport::EventHandler {
    StdioConnection* owner = nullptr;
    Pipe pipe = Pipe::Input;
    void OnReady(Interest) override { owner->Handle(pipe); }
  };

  transport::Stream& StreamOf(Pipe pipe) {
    if (pipe == Pipe::Input) return child_.input();
    return pipe == Pipe::Output ? child_.output() : child_.errors();
  }

  // Writes and reads until the question of `id` is answered, the time is over, or the server's
  // output ends. An empty id: until it ends.
  void Turn(std::string id, std::chrono::milliseconds time) {
    auto loop = transport::EventLoop::Make();
    if (!loop) {
      trouble_ = loop.error();
      return;
    }
    loop_ = loop->get();
    id_ = std::move(id);
    trouble_ = "the server gives no answer";
    std::array<Watcher, 3> watchers{};
    for (const Pipe pipe : {Pipe::Input, Pipe::Output, Pipe::Errors}) {
      Watcher& watcher = watchers[static_cast<std::size_t>(pipe)];
      watcher.owner = this;
      watcher.pipe = pipe;
      if (!StreamOf(pipe).is_open()) continue;
      const Interest interest{.readable = pipe != Pipe::Input, .writable = pipe == Pipe::Input};
      loop_->Watch(StreamOf(pipe).number(), interest, watcher);
    }
    if (child_.output().is_open()) {
      loop_->After(time, [this] { loop_->Stop(); });
      loop_->Run();
    }
    loop_ = nullptr;
  }

  void Close(Pipe pipe) {
    loop_->Unwatch(StreamOf(pipe).number());
    StreamOf(pipe).Close();
    if (pipe != Pipe::Output) return;
    trouble_ = "the server ended without an answer";
    loop_->Stop();
  }

  void Handle(Pipe pipe) {
    if (pipe == Pipe::Input) return Write();
    std::array<char, 64 * 1024> room;
    const transport::Moved moved = StreamOf(pipe).Read(room);
    const std::string_view bytes(room.data(), moved.bytes);
    if (pipe == Pipe::Errors) {
      errors_ += bytes;
      if (errors_.size() > kErrorBytesKept) errors_.erase(0, errors_.size() - kErrorBytesKept);
    } else {
      Read(bytes);
    }
    if (moved.state == StreamState::Ended) Close(pipe);
  }

  void Write() {
    const StreamState state = queue_.Flush(child_.input());
    if (state == StreamState::Ended) return Close(Pipe::Input);
    if (queue_.is_empty()) loop_->Unwatch(child_.input().number());
  }

  void Read(std::string_view bytes) {
    said_bytes_ += bytes.size();
    framing_.Append(bytes);
    for (mcp::Line line; framing_.Next(line);) {
      if (line.is_too_long || said_bytes_ > kSaidBytesMax) {
        trouble_ = fmt::format("the server says more than {} bytes instead of an answer",
                               line.is_too_long ? kAnswerBytesMax : kSaidBytesMax);
        return loop_->Stop();
      }
      if (id_.empty()) continue;
      MatchedMessage matched = MatchMessage(line.text, id_);
      if (matched.role == MessageRole::Response) {
        response_ = std::string(line.text);
        return loop_->Stop();
      }
      // What it asks while the loop waits for room is written with the next turn.
      if (matched.role == MessageRole::Request && !queue_.is_full()) {
        queue_.Append(matched.answer);
        if (queue_.Flush(child_.input()) == StreamState::Ended) queue_.Clear();
      }
    }
  }

  // The end of what the server wrote to its standard error, for people.
  std::string Errors() const {
    if (errors_.empty()) return "";
    return "; on its standard error: " + ReviewableJsonOf(errors_);
  }

  transport::ChildProcess child_;
  transport::OutputQueue queue_;
  mcp::LineFraming framing_{kAnswerBytesMax};
  std::size_t said_bytes_ = 0;
  std::string errors_;
  std::string id_;
  std::string trouble_;
  std::optional<std::string> response_;
  transport::EventLoop* loop_ = nullptr;  // while it turns
};

}  // namespace

std::expected<std::unique_ptr<ServerConnection>, std::string> StartServer(
    const std::vector<std::string>& command) {
  std::signal(SIGPIPE, SIG_IGN);  // a server that ended is told by the write
  transport::AdoptOrphans();
  auto child = transport::ChildProcess::Spawn(command);
  if (!child) return std::unexpected(std::move(child.error()));
  return std::make_unique<StdioConnection>(*std::move(child));
}

}  // namespace policy::catalog
