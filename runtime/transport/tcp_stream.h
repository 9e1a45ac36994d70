// A TCP connection, in the clear or in TLS, that is read and written without ever waiting.
#ifndef RUNTIME_TRANSPORT_TCP_STREAM_H_
#define RUNTIME_TRANSPORT_TCP_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/stream.h"
#include "runtime/transport/tls_client.h"

namespace policy::transport {

// Not thread-safe; may go to another thread as a whole.
class TcpStream {
 public:
  TcpStream() = default;
  // `socket` is non-blocking. `tls`: a session on it, null for the clear.
  TcpStream(Descriptor socket, TlsSession tls)
      : socket_(std::move(socket)), tls_(std::move(tls)), is_ready_(tls_ == nullptr) {}
  TcpStream(TcpStream&&) noexcept = default;
  TcpStream& operator=(TcpStream&&) noexcept = default;
  TcpStream(const TcpStream&) = delete;  // one owner of the socket
  TcpStream& operator=(const TcpStream&) = delete;
  ~TcpStream() = default;

  // After the loop has said that it is writable: how connecting went. 0, or an errno.
  int ConnectError() const;

  // The TLS handshake, as far as it goes now. Ready: done, or there is none. Ended: it failed.
  StreamState Handshake();
  bool is_ready() const { return is_ready_; }

  // As Stream's. Before the handshake is done nothing moves.
  Moved Read(std::span<char> into);
  Moved Write(std::string_view from);

  // There are bytes to read of which the loop does not know: they lie in the session.
  bool has_buffered() const { return tls_ != nullptr && SSL_has_pending(tls_.get()) == 1; }
  // The session has to write before it can go on, whatever was asked of it.
  bool wants_write() const { return wants_write_; }
  // After Ended: the other side said that this was all. (In the clear it cannot be told from a
  // connection that was closed on its behalf.)
  bool ended_cleanly() const { return ended_cleanly_; }

  // No more will be written; what was is delivered. Reading goes on.
  void FinishWriting();
  // What stands in the way of TLS, for people.
  std::string Trouble() const { return tls_ == nullptr ? "" : TlsTrouble(*tls_); }

  const Descriptor& socket() const { return socket_; }
  const SSL* tls() const { return tls_.get(); }
  bool is_open() const { return socket_.is_open(); }
  // Close lets what was written arrive. After Abort the other side sees that it was cut.
  void Close();
  void Abort();

 private:
  StreamState TlsState(int result);

  Descriptor socket_;
  TlsSession tls_;
  bool is_ready_ = false;
  bool wants_write_ = false;
  bool ended_cleanly_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_TCP_STREAM_H_
