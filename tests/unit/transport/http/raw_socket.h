// The other side of a connection, byte by byte: blocks, and gives up after a while.
#ifndef TESTS_UNIT_TRANSPORT_HTTP_RAW_SOCKET_H_
#define TESTS_UNIT_TRANSPORT_HTTP_RAW_SOCKET_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/transport/descriptor.h"

namespace policy::transport {

class RawSocket {
 public:
  static RawSocket Connect(std::uint16_t port);
  explicit RawSocket(Descriptor socket);

  void Send(std::string_view bytes);
  void Finish();  // writes no more
  // Until `end` has come (it included), the connection has ended, or ten seconds have passed.
  std::string ReadUntil(std::string_view end);
  // One answer with a Content-Length: its body. The head stays in head().
  std::string ReadAnswer();
  std::string ReadAll() { return ReadUntil({}); }
  bool has_ended() const { return has_ended_; }
  const std::string& head() const { return head_; }
  int status() const;
  const Descriptor& socket() const { return socket_; }

 private:
  bool ReadSome();

  Descriptor socket_;
  std::string bytes_;
  std::string head_;
  bool has_ended_ = false;
};

// Listens on a port of its own.
class RawListener {
 public:
  RawListener();
  std::uint16_t port() const { return port_; }
  RawSocket Accept();

 private:
  Descriptor socket_;
  std::uint16_t port_ = 0;
};

}  // namespace policy::transport

#endif  // TESTS_UNIT_TRANSPORT_HTTP_RAW_SOCKET_H_
