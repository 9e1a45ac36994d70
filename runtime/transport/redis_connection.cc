#include "runtime/transport/redis_connection.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace policy::transport {
namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
constexpr int kTlsChunkMax = 1 << 20;

}  // namespace

RedisConnection::RedisConnection(EventLoop& loop, Descriptor socket, TlsSession session,
                                 Events events)
    : loop_(loop),
      socket_(std::move(socket)),
      session_(std::move(session)),
      events_(std::move(events)) {
  Listen();
}

RedisConnection::~RedisConnection() {
  if (socket_.is_open()) loop_.Unwatch(socket_.number());
}

void RedisConnection::Send(std::span<const std::string> words, OnReply on_reply) {
  if (!socket_.is_open()) return;
  AppendRespCommand(output_, words);
  replies_.push_back(std::move(on_reply));
}

void RedisConnection::SendQuietly(std::span<const std::string> words) {
  if (socket_.is_open()) AppendRespCommand(output_, words);
}

RedisConnection::Transfer RedisConnection::TlsTransfer(int result) {
  wants_write_ = false;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_NONE:
      return Transfer::Done;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return Transfer::WouldBlock;
    case SSL_ERROR_WANT_READ:
      return Transfer::WouldBlock;
    default:
      trouble_ = TlsTrouble(*session_);
      return Transfer::Failed;
  }
}

RedisConnection::Transfer RedisConnection::Read(std::span<char> buffer, std::size_t& count) {
  if (session_ != nullptr) {
    ERR_clear_error();
    return TlsTransfer(SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &count));
  }
  const ssize_t got = recv(socket_.number(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Transfer::WouldBlock;
  if (got <= 0) {
    trouble_ = got == 0 ? "it ended the connection" : std::strerror(errno);
    return Transfer::Failed;
  }
  count = static_cast<std::size_t>(got);
  return Transfer::Done;
}

RedisConnection::Transfer RedisConnection::Write(std::size_t& count) {
  if (session_ != nullptr) {
    ERR_clear_error();
    const std::size_t size = std::min<std::size_t>(output_.size(), kTlsChunkMax);
    return TlsTransfer(SSL_write_ex(session_.get(), output_.data(), size, &count));
  }
  const ssize_t sent = send(socket_.number(), output_.data(), output_.size(), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return Transfer::WouldBlock;
  if (sent < 0) {
    trouble_ = std::strerror(errno);
    return Transfer::Failed;
  }
  count = static_cast<std::size_t>(sent);
  return Transfer::Done;
}

void RedisConnection::Flush() {
  while (socket_.is_open() && !output_.empty()) {
    std::size_t count = 0;
    const Transfer transfer = Write(count);
    if (transfer == Transfer::Failed) return Close(trouble_);
    if (transfer == Transfer::WouldBlock) break;
    output_.erase(0, count);
  }
  if (output_.size() > kRedisOutputBytesMax) return Close("it does not read");
  Listen();
}

// TLS that wants to read before it can write is woken by what it reads.
void RedisConnection::Listen() {
  if (!socket_.is_open()) return;
  const bool has_output = !output_.empty() && (session_ == nullptr || wants_write_);
  loop_.Watch(socket_.number(), {.readable = true, .writable = has_output || wants_write_}, *this);
}

void RedisConnection::OnReady(Interest ready) {
  if (ready.readable) ReadAll();
  Flush();
}

void RedisConnection::ReadAll() {
  std::array<char, kReadBytes> buffer;
  while (socket_.is_open()) {
    std::size_t count = 0;
    const Transfer transfer = Read(buffer, count);
    if (transfer == Transfer::WouldBlock) return;
    if (transfer == Transfer::Failed) return Close(trouble_);
    reader_.Append({buffer.data(), count});
    if (!TakeReplies()) return;
  }
}

bool RedisConnection::TakeReplies() {
  while (socket_.is_open()) {
    const auto value = reader_.Take();
    if (!value) {
      Close(value.error());
      return false;
    }
    if (!*value) return true;
    if ((*value)->type == RespValue::Type::Push) {
      events_.on_push(**value);
      continue;
    }
    if (replies_.empty()) {
      Close("it answers what was not asked");
      return false;
    }
    const OnReply on_reply = std::move(replies_.front());
    replies_.pop_front();
    on_reply(**value);
  }
  return false;
}

void RedisConnection::Close(const std::string& why) {
  if (!socket_.is_open()) return;
  loop_.Unwatch(socket_.number());
  session_.reset();
  socket_.Close();
  loop_.Post([this, why, alive = std::weak_ptr(is_alive_)] {
    if (alive.expired()) return;
    // A copy: it may destroy the connection, and the function with it.
    const auto on_closed = events_.on_closed;
    on_closed(why);
  });
}

void RedisConnection::Finish(std::chrono::milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  Flush();
  while (socket_.is_open() && !replies_.empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto events = static_cast<short>(output_.empty() ? POLLIN : POLLIN | POLLOUT);
    pollfd waited{.fd = socket_.number(), .events = events, .revents = 0};
    if (left.count() <= 0 || poll(&waited, 1, static_cast<int>(left.count())) <= 0) return;
    ReadAll();
    Flush();
  }
}

}  // namespace policy::transport
