#include "tests/unit/transport/http/raw_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

namespace policy::transport {

RawSocket::RawSocket(Descriptor socket) : socket_(std::move(socket)) {
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const int on = 1;
  setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawSocket RawSocket::Connect(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return RawSocket(std::move(socket));
}

void RawSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the other side has closed; what it said is what matters
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawSocket::Finish() { ::shutdown(socket_.number(), SHUT_WR); }

bool RawSocket::ReadSome() {
  std::array<char, 65'536> room;
  const ssize_t read = ::recv(socket_.number(), room.data(), room.size(), 0);
  if (read <= 0) has_ended_ = read == 0 || (errno != EAGAIN && errno != EINTR);
  if (read <= 0) return false;
  bytes_.append(room.data(), static_cast<std::size_t>(read));
  return true;
}

std::string RawSocket::ReadUntil(std::string_view end) {
  std::size_t at = std::string::npos;
  while (end.empty() || (at = bytes_.find(end)) == std::string::npos) {
    if (!ReadSome()) return std::exchange(bytes_, {});
  }
  std::string text = bytes_.substr(0, at + end.size());
  bytes_.erase(0, at + end.size());
  return text;
}

std::string RawSocket::ReadAnswer() {
  head_ = ReadUntil("\r\n\r\n");
  const std::size_t at = head_.find("Content-Length: ");
  if (at == std::string::npos) return "";
  const std::size_t length = std::stoul(head_.substr(at + 16));
  while (bytes_.size() < length && ReadSome()) {
  }
  std::string body = bytes_.substr(0, length);
  bytes_.erase(0, length);
  return body;
}

int RawSocket::status() const { return head_.size() > 12 ? std::stoi(head_.substr(9, 3)) : 0; }

RawListener::RawListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(socket_.number(), name, size) == 0);
  REQUIRE(::listen(socket_.number(), 64) == 0);
  REQUIRE(::getsockname(socket_.number(), name, &size) == 0);
  port_ = ntohs(address.sin_port);
}

RawSocket RawListener::Accept() {
  return RawSocket(Descriptor(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC)));
}

}  // namespace policy::transport
