#include "bench/gateway/http/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "bench/gateway/calls.h"

namespace policy::bench {
namespace {

[[noreturn]] void Stop(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

void WaitReadable(int descriptor) {
  pollfd waited{.fd = descriptor, .events = POLLIN, .revents = 0};
  if (poll(&waited, 1, 10'000) <= 0) Stop("no answer in ten seconds");
}

}  // namespace

Connection::Connection(const Target& target)
    : target_(target), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    Stop(std::string("cannot connect: ") + std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::fcntl(socket_.number(), F_SETFL, O_NONBLOCK);
}

void Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN) Stop(std::string("cannot write: ") + std::strerror(errno));
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Connection::SendHead(std::string_view method, std::string_view body) {
  request_.assign(method).append(" ").append(target_.path).append(" HTTP/1.1\r\n");
  request_.append("Host: 127.0.0.1:").append(std::to_string(target_.port)).append("\r\n");
  if (!target_.token.empty()) {
    request_.append("Authorization: Bearer ").append(target_.token).append("\r\n");
  }
  if (!session_.empty()) {
    request_.append("Mcp-Session-Id: ").append(session_).append("\r\n");
    request_.append("MCP-Protocol-Version: 2025-06-18\r\n");
  }
  if (method == "GET") {
    request_.append("Accept: text/event-stream\r\n\r\n");
  } else {
    request_.append("Accept: application/json, text/event-stream\r\n");
    request_.append("User-Agent: bench/1\r\nContent-Type: application/json\r\nContent-Length: ");
    request_.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  }
  bytes_.clear();
  Write(request_);
}

void Connection::Send(std::string_view body) { SendHead("POST", body); }

std::string_view Connection::HeaderOf(std::string_view name) const {
  for (std::size_t at = head_.find("\r\n"); at != std::string_view::npos;
       at = head_.find("\r\n", at + 2)) {
    const std::string_view line = head_.substr(at + 2, head_.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      return line.substr(line.find_first_not_of(' ', name.size() + 1));
    }
  }
  return {};
}

bool Connection::Receive() {
  std::array<char, 16'384> room;
  const ssize_t read = ::recv(socket_.number(), room.data(), room.size(), 0);
  if (read < 0 && errno == EAGAIN) return false;
  if (read <= 0) Stop("the connection ended: " + bytes_);
  bytes_.append(room.data(), static_cast<std::size_t>(read));
  const std::size_t head = bytes_.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  head_ = std::string_view(bytes_).substr(0, head + 2);
  std::from_chars(bytes_.data() + 9, bytes_.data() + 12, status_);
  if (const std::string_view length = HeaderOf("content-length"); !length.empty()) {
    std::size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    body_ = std::string_view(bytes_).substr(head + 4);
    return body_.size() >= size;
  }
  body_ = std::string_view(bytes_).substr(head + 4);
  return status_ == 204 || bytes_.ends_with("\r\n0\r\n\r\n");
}

void Connection::OpenSession() {
  std::string body = InitializeRequest(1);
  body.pop_back();  // the line's end
  Send(body);
  do {
    WaitReadable(socket_.number());
  } while (!Receive());
  if (status_ != 200) Stop("initialize was answered with " + bytes_);
  session_ = HeaderOf("mcp-session-id");
  body = kInitializedNotification;
  body.pop_back();
  Send(body);
  do {
    WaitReadable(socket_.number());
  } while (!Receive());
  if (status_ != 202) Stop("the notification was answered with " + bytes_);
}

void Connection::OpenStream() {
  SendHead("GET", "");
  while (bytes_.find("\r\n\r\n") == std::string::npos) {
    WaitReadable(socket_.number());
    Receive();
  }
  if (!bytes_.starts_with("HTTP/1.1 200")) Stop("GET was answered with " + bytes_);
}

}  // namespace policy::bench
