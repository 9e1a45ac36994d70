#include "runtime/transport/line_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "runtime/transport/local_socket.h"

namespace policy::transport {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

// One question at a time: the next is read when the answer has been written.
class LineServer::Connection final : EventHandler {
 public:
  Connection(LineServer& server, std::uint64_t id, Descriptor socket, pid_t process)
      : server_(server), id_(id), socket_(std::move(socket)), process_(process) {
    server_.loop_.Watch(socket_.number(), {.readable = true}, *this);
    age_timer_ = server_.loop_.After(kLineConnectionAgeMax, [this] {
      age_timer_ = 0;
      server_.Close(id_);
    });
  }
  Connection(const Connection&) = delete;  // the loop refers to it
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    server_.loop_.Unwatch(socket_.number());
    if (age_timer_ != 0) server_.loop_.Cancel(age_timer_);
  }

  void Take(std::string_view answer) {
    output_.assign(answer);
    output_ += '\n';
    is_asked_ = false;
    Flush();
  }

 private:
  void OnReady(Interest ready) override {
    if (ready.writable && !output_.empty()) return Flush();
    if (ready.readable && !is_asked_ && output_.empty()) Read();
  }

  void Read() {
    std::array<char, kReadBytes> buffer;
    const ssize_t got = recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return CloseSoon();
    input_.append(buffer.data(), static_cast<std::size_t>(got));
    Ask();
  }

  void Ask() {
    const std::size_t end = input_.find('\n');
    if (end == std::string::npos) {
      if (input_.size() > kQuestionBytesMax) CloseSoon();
      return;
    }
    const std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    is_asked_ = true;
    server_.loop_.Watch(socket_.number(), {}, *this);
    server_.handler_({.line = line, .process = process_},
                     [server = &server_, alive = std::weak_ptr(server_.is_alive_),
                      id = id_](std::string_view answer) {
                       if (alive.expired()) return;
                       const auto connection = server->connections_.find(id);
                       if (connection != server->connections_.end()) {
                         connection->second->Take(answer);
                       }
                     });
  }

  void Flush() {
    while (!output_.empty()) {
      const ssize_t sent = send(socket_.number(), output_.data(), output_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN) return CloseSoon();
      if (sent < 0) break;
      output_.erase(0, static_cast<std::size_t>(sent));
    }
    server_.loop_.Watch(socket_.number(),
                        {.readable = output_.empty(), .writable = !output_.empty()}, *this);
    if (!output_.empty() || input_.empty()) return;
    // What was read with the question before; in a turn of its own, or many would nest.
    Later([](Connection& self) {
      if (!self.is_asked_ && self.output_.empty()) self.Ask();
    });
  }

  // Not from inside a handler of its own.
  void CloseSoon() {
    server_.loop_.Watch(socket_.number(), {}, *this);
    Later([](Connection& self) { self.server_.Close(self.id_); });
  }

  void Later(void (*act)(Connection& self)) {
    server_.loop_.Post(
        [server = &server_, alive = std::weak_ptr(server_.is_alive_), id = id_, act] {
          if (alive.expired()) return;
          const auto connection = server->connections_.find(id);
          if (connection != server->connections_.end()) act(*connection->second);
        });
  }

  LineServer& server_;
  const std::uint64_t id_;
  Descriptor socket_;
  const pid_t process_;
  EventLoop::TimerId age_timer_ = 0;
  std::string input_;
  std::string output_;
  bool is_asked_ = false;
};

std::expected<std::unique_ptr<LineServer>, std::string> LineServer::Listen(
    EventLoop& loop, const StateDirectory& directory, std::string name, Handler handler) {
  auto listener = ListenLocally(directory, name);
  if (!listener) return std::unexpected(listener.error());
  std::unique_ptr<LineServer> server(
      new LineServer(loop, directory, std::move(name), std::move(handler)));
  server->listener_ = std::move(*listener);
  loop.Watch(server->listener_.number(), {.readable = true}, *server);
  return server;
}

LineServer::LineServer(EventLoop& loop, const StateDirectory& directory, std::string name,
                       Handler handler)
    : loop_(loop), directory_(directory), name_(std::move(name)), handler_(std::move(handler)) {}

LineServer::~LineServer() {
  connections_.clear();
  if (!listener_.is_open()) return;
  loop_.Unwatch(listener_.number());
  unlinkat(directory_.descriptor(), name_.c_str(), 0);
}

void LineServer::OnReady(Interest) {
  while (true) {
    pid_t process = 0;
    Descriptor socket = AcceptLocally(listener_, &process);
    if (!socket.is_open()) return;
    if (connections_.size() >= kLineConnectionsMax) continue;
    const std::uint64_t id = next_id_++;
    connections_[id] = std::make_unique<Connection>(*this, id, std::move(socket), process);
  }
}

void LineServer::Close(std::uint64_t id) { connections_.erase(id); }

std::expected<std::optional<std::string>, std::string> AskLine(const StateDirectory& directory,
                                                               const std::string& name,
                                                               std::string_view question,
                                                               std::chrono::milliseconds wait) {
  const Descriptor socket = ConnectLocally(directory, name);
  if (!socket.is_open()) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + wait;
  const auto fail = [&](std::string_view why) {
    return std::unexpected(directory.path() + "/" + name + ": " + std::string(why));
  };
  std::string output(question);
  output += '\n';
  std::string answer;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waited{.fd = socket.number(),
                  .events = static_cast<short>(output.empty() ? POLLIN : POLLOUT),
                  .revents = 0};
    if (left.count() <= 0 || poll(&waited, 1, static_cast<int>(left.count())) <= 0) {
      return fail("the process does not answer");
    }
    if (!output.empty()) {
      const ssize_t sent = send(socket.number(), output.data(), output.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail("the process has ended");
      if (sent > 0) output.erase(0, static_cast<std::size_t>(sent));
      continue;
    }
    std::array<char, kReadBytes> buffer;
    const ssize_t got = recv(socket.number(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return fail("the process has ended");
    answer.append(buffer.data(), static_cast<std::size_t>(got));
    if (answer.back() == '\n') {
      answer.pop_back();
      return answer;
    }
    if (answer.size() > kAnswerBytesMax) return fail("the answer is too long");
  }
}

}  // namespace policy::transport
