#include "runtime/transport/http/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "policy/check.h"
#include "runtime/transport/http/server_connections.h"

namespace policy::transport {
namespace {

constexpr int kAcceptsPerTurnMax = 64;
// The process has no descriptor left: new connections wait in the kernel meanwhile.
constexpr std::chrono::milliseconds kAcceptPause{200};

struct ListenAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

std::optional<ListenAddress> ReadAddress(const std::string& text, std::uint16_t port) {
  ListenAddress address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.bytes);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.bytes);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof(v4);
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof(v6);
    return address;
  }
  return std::nullopt;
}

std::shared_ptr<HttpPeer> DescribePeer(const sockaddr_storage& bytes) {
  auto peer = std::make_shared<HttpPeer>();
  std::array<char, INET6_ADDRSTRLEN> text{};
  in_addr v4{};
  bool is_v4 = bytes.ss_family == AF_INET;
  if (is_v4) {
    v4 = reinterpret_cast<const sockaddr_in&>(bytes).sin_addr;
  } else {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(bytes).sin6_addr;
    is_v4 = IN6_IS_ADDR_V4MAPPED(&v6);
    if (is_v4) std::memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
    peer->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6);
    ::inet_ntop(AF_INET6, &v6, text.data(), text.size());
  }
  if (is_v4) {
    peer->is_loopback = (ntohl(v4.s_addr) >> 24) == 127;
    ::inet_ntop(AF_INET, &v4, text.data(), text.size());
  }
  peer->address = text.data();
  return peer;
}

}  // namespace

// The socket that is listened on, and the connections that came of it.
class HttpServer::Listener final : EventHandler {
 public:
  Listener(EventLoop& loop, Descriptor socket, HttpServerOptions options, HttpHandler& handler)
      : connections_(loop, std::move(options), handler), socket_(std::move(socket)) {
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    CHECK(::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&own), &size) == 0);
    port_ = ntohs(own.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(own).sin_port
                                           : reinterpret_cast<sockaddr_in6&>(own).sin6_port);
    Listen();
  }
  Listener(const Listener&) = delete;  // the loop refers to it
  Listener& operator=(const Listener&) = delete;
  ~Listener() { Close(); }

  ServerConnections& connections() { return connections_; }
  const ServerConnections& connections() const { return connections_; }
  std::uint16_t port() const { return port_; }

  void Drain(std::function<void()> done) {
    // Who is connected already, as far as the kernel is concerned, is served.
    while (socket_.is_open() && Accept()) {
    }
    Close();
    connections_.Drain(std::move(done));
  }

 private:
  void Listen() { connections_.loop().Watch(socket_.number(), {.readable = true}, *this); }

  void Close() {
    if (pause_ != 0) connections_.loop().Cancel(std::exchange(pause_, 0));
    if (!socket_.is_open()) return;
    connections_.loop().Unwatch(socket_.number());
    socket_.Close();
  }

  void OnReady(Interest) override {
    for (int i = 0; i < kAcceptsPerTurnMax && Accept(); ++i) {
    }
  }

  // false: nobody waits.
  bool Accept() {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    Descriptor accepted(::accept4(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC));
    HttpServerCounts& counts = connections_.counts();
    if (!accepted.is_open()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) Pause();
      return errno == ECONNABORTED || errno == EINTR;
    }
    counts.accepted.fetch_add(1, std::memory_order_relaxed);
    const HttpServerOptions& options = connections_.options();
    if (connections_.size() >= options.connections_max) {
      counts.turned_away.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    TlsSession session;
    if (options.tls != nullptr) {
      session = options.tls->Accept(accepted);
      if (session == nullptr) return true;
    }
    connections_.Add(TcpStream(std::move(accepted), std::move(session)), DescribePeer(address));
    return true;
  }

  void Pause() {
    if (pause_ != 0) return;
    EventLoop& loop = connections_.loop();
    loop.Unwatch(socket_.number());
    pause_ = loop.After(kAcceptPause, [this] {
      pause_ = 0;
      Listen();
    });
  }

  ServerConnections connections_;
  Descriptor socket_;
  std::uint16_t port_ = 0;
  EventLoop::TimerId pause_ = 0;
};

std::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::Listen(
    EventLoop& loop, HttpServerOptions options, HttpHandler& handler) {
  const auto fail = [&options](const std::string& why) {
    return std::unexpected("cannot listen on " + options.address + " port " +
                           std::to_string(options.port) + ": " + why);
  };
  const auto address = ReadAddress(options.address, options.port);
  if (!address) return fail("it is neither an IPv4 nor an IPv6 address");
  const auto* const name = reinterpret_cast<const sockaddr*>(&address->bytes);
  Descriptor socket(::socket(name->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail(std::strerror(errno));
  const int on = 1;
  const int number = socket.number();
  ::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Accepted connections inherit these.
  ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  if (options.shares_port && ::setsockopt(number, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    return fail(std::strerror(errno));
  }
  if (::bind(number, name, address->size) != 0 || ::listen(number, options.backlog) != 0) {
    return fail(std::strerror(errno));
  }
  return std::unique_ptr<HttpServer>(new HttpServer(
      std::make_unique<Listener>(loop, std::move(socket), std::move(options), handler)));
}

HttpServer::HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}

HttpServer::~HttpServer() = default;

void HttpServer::Move(std::shared_ptr<HttpExchange> exchange, const HttpServer& other) {
  if (!exchange->is_open()) return;
  ServerConnection& connection = *exchange->connection_;
  connection.Move(std::move(exchange), other.listener_->connections().door());
}

void HttpServer::Drain(std::function<void()> done) { listener_->Drain(std::move(done)); }

void HttpServer::set_tls(std::shared_ptr<const TlsServer> tls) {
  listener_->connections().options().tls = std::move(tls);
}

std::uint16_t HttpServer::port() const { return listener_->port(); }

const HttpServerCounts& HttpServer::counts() const { return listener_->connections().counts(); }

std::size_t HttpServer::open_connections() const { return listener_->connections().size(); }

}  // namespace policy::transport
