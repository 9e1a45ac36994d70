#include "runtime/transport/tcp_stream.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace policy::transport {
namespace {

constexpr std::size_t kTlsBytesMax = std::numeric_limits<int>::max();

StreamState FromErrno() {
  const bool passes = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return passes ? StreamState::Blocked : StreamState::Ended;
}

}  // namespace

StreamState TcpStream::TlsState(int result) {
  wants_write_ = false;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_NONE:
      return StreamState::Ready;
    case SSL_ERROR_WANT_READ:
      return StreamState::Blocked;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return StreamState::Blocked;
    case SSL_ERROR_ZERO_RETURN:
      ended_cleanly_ = true;
      return StreamState::Ended;
    default:
      return StreamState::Ended;
  }
}

int TcpStream::ConnectError() const {
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

StreamState TcpStream::Handshake() {
  if (is_ready_) return StreamState::Ready;
  ERR_clear_error();
  const StreamState state = TlsState(SSL_do_handshake(tls_.get()));
  is_ready_ = state == StreamState::Ready;
  return state;
}

Moved TcpStream::Read(std::span<char> into) {
  if (!is_ready_) return {};
  if (tls_ == nullptr) {
    const ssize_t read = ::recv(socket_.number(), into.data(), into.size(), 0);
    if (read > 0) return {StreamState::Ready, static_cast<std::size_t>(read)};
    if (read < 0) return {FromErrno(), 0};
    ended_cleanly_ = true;
    return {StreamState::Ended, 0};
  }
  ERR_clear_error();
  const int size = static_cast<int>(std::min(into.size(), kTlsBytesMax));
  const int read = SSL_read(tls_.get(), into.data(), size);
  const StreamState state = TlsState(read);
  return {state, state == StreamState::Ready ? static_cast<std::size_t>(read) : 0};
}

Moved TcpStream::Write(std::string_view from) {
  if (!is_ready_) return {};
  if (tls_ == nullptr) {
    const ssize_t written = ::send(socket_.number(), from.data(), from.size(), MSG_NOSIGNAL);
    if (written >= 0) return {StreamState::Ready, static_cast<std::size_t>(written)};
    return {FromErrno(), 0};
  }
  if (from.empty()) return {StreamState::Ready, 0};
  ERR_clear_error();
  const int size = static_cast<int>(std::min(from.size(), kTlsBytesMax));
  const int written = SSL_write(tls_.get(), from.data(), size);
  const StreamState state = TlsState(written);
  return {state, state == StreamState::Ready ? static_cast<std::size_t>(written) : 0};
}

void TcpStream::FinishWriting() {
  if (tls_ != nullptr && is_ready_) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  ::shutdown(socket_.number(), SHUT_WR);
}

void TcpStream::Close() {
  if (tls_ != nullptr && is_ready_ && socket_.is_open()) {
    // The notice that this is all; nobody waits for the answer. SIGPIPE is ignored by the process.
    ERR_clear_error();
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  tls_.reset();
  socket_.Close();
}

void TcpStream::Abort() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (is_open()) ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  tls_.reset();
  socket_.Close();
}

}  // namespace policy::transport
