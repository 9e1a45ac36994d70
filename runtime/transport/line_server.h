// Questions of a line each over a Unix socket in a state directory, answered with a line each: how
// an operator talks to a process that runs.
//
//   LineServer::Listen(loop, directory, "admin-1f.sock", [](const LineServer::Question& question,
//                                                           LineServer::Answer answer) {
//     answer("{}");
//   });
#ifndef RUNTIME_TRANSPORT_LINE_SERVER_H_
#define RUNTIME_TRANSPORT_LINE_SERVER_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

inline constexpr std::size_t kQuestionBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kLineConnectionsMax = 16;
// A connection is closed when it is older, whatever it is at.
inline constexpr std::chrono::seconds kLineConnectionAgeMax{30};

// Lives in the loop's thread. Not thread-safe.
class LineServer final : EventHandler {
 public:
  struct Question {
    std::string_view line;  // without its newline; valid during the call
    pid_t process = 0;      // who asks, as the kernel knows it: of this user
  };
  // Called once, in the loop, now or later; does nothing when the connection or the server is gone.
  // `line` has no newline.
  using Answer = std::function<void(std::string_view line)>;
  using Handler = std::function<void(const Question& question, Answer answer)>;

  // `loop` and `directory` outlive the server. The error is a sentence.
  static std::expected<std::unique_ptr<LineServer>, std::string> Listen(
      EventLoop& loop, const StateDirectory& directory, std::string name, Handler handler);
  LineServer(const LineServer&) = delete;  // the loop refers to it
  LineServer& operator=(const LineServer&) = delete;
  ~LineServer();  // the socket's name goes too

 private:
  class Connection;

  LineServer(EventLoop& loop, const StateDirectory& directory, std::string name, Handler handler);
  void OnReady(Interest ready) override;
  void Close(std::uint64_t id);

  EventLoop& loop_;
  const StateDirectory& directory_;
  const std::string name_;
  const Handler handler_;
  Descriptor listener_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

// Asks one question and waits for its answer, at most so long. The error is a sentence; that nobody
// listens is nullopt.
std::expected<std::optional<std::string>, std::string> AskLine(const StateDirectory& directory,
                                                               const std::string& name,
                                                               std::string_view question,
                                                               std::chrono::milliseconds wait);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LINE_SERVER_H_
