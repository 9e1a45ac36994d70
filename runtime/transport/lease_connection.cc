#include "runtime/transport/lease_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace policy::transport {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kFinishMilliseconds = 200;

}  // namespace

LeaseConnection::LeaseConnection(EventLoop& loop, Descriptor socket, OnMessage on_message,
                                 std::function<void()> on_closed)
    : loop_(loop),
      socket_(std::move(socket)),
      on_message_(std::move(on_message)),
      on_closed_(std::make_shared<std::function<void()>>(std::move(on_closed))) {
  loop_.Watch(socket_.number(), {.readable = true}, *this);
}

LeaseConnection::~LeaseConnection() {
  if (socket_.is_open()) loop_.Unwatch(socket_.number());
}

void LeaseConnection::Send(const LeaseMessage& message) {
  if (!socket_.is_open()) return;
  output_ += EncodeLeaseFrame(message);
  Flush();
  if (output_.size() > kLeaseOutputBytesMax) Drop();
}

void LeaseConnection::Finish() {
  while (socket_.is_open() && !output_.empty()) {
    pollfd waited{.fd = socket_.number(), .events = POLLOUT, .revents = 0};
    if (poll(&waited, 1, kFinishMilliseconds) <= 0) return;
    Flush();
  }
}

void LeaseConnection::OnReady(Interest ready) {
  if (ready.writable) Flush();
  if (ready.readable && socket_.is_open()) ReadAll();
}

void LeaseConnection::ReadAll() {
  std::array<char, kReadBytes> buffer;
  const ssize_t got = recv(socket_.number(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    Drop();
    return;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  if (!TakeFrames()) Drop();
}

bool LeaseConnection::TakeFrames() {
  std::string_view rest = input_;
  while (true) {
    const auto payload = TakeLeaseFrame(rest);
    if (!payload) return false;
    if (!*payload) break;
    const std::optional<LeaseMessage> message = DecodeLeasePayload(**payload);
    if (!message || !on_message_(*message)) return false;
  }
  input_.erase(0, input_.size() - rest.size());
  return true;
}

void LeaseConnection::Flush() {
  while (!output_.empty()) {
    const ssize_t sent = send(socket_.number(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) {
      Drop();
      return;
    }
    if (sent < 0) break;
    output_.erase(0, static_cast<std::size_t>(sent));
  }
  loop_.Watch(socket_.number(), {.readable = true, .writable = !output_.empty()}, *this);
}

void LeaseConnection::Drop() {
  if (!socket_.is_open()) return;
  loop_.Unwatch(socket_.number());
  socket_.Close();
  loop_.Post([closed = std::weak_ptr(on_closed_)] {
    // A copy: it may destroy the connection, and the function with it.
    if (const auto call = closed.lock()) (*call)();
  });
}

}  // namespace policy::transport
