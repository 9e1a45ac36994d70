// Listens, reads requests strictly, hands them to a handler, and sends its answers: HTTP/1.1 (and
// 1.0) in one event loop. Several servers, each in its loop and thread, may share a port.
//
// What two readers could understand in two ways is refused: see head_parser.h and body_framing.h.
// Requests of one connection are answered in order, one at a time. Who is slow to send a head or a
// body, idle, or slow to take an answer is cut.
#ifndef RUNTIME_TRANSPORT_HTTP_HTTP_SERVER_H_
#define RUNTIME_TRANSPORT_HTTP_HTTP_SERVER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/byte_budget.h"
#include "runtime/transport/http/http_exchange.h"
#include "runtime/transport/http/http_limits.h"
#include "runtime/transport/tls_server.h"

namespace policy::transport {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6, no name
  std::uint16_t port = 0;             // 0: any that is free
  bool shares_port = false;           // other servers listen on it too (SO_REUSEPORT)
  int backlog = 1'024;
  std::shared_ptr<const TlsServer> tls = {};  // null: in the clear
  std::size_t body_bytes_max = kBodyBytesMax;
  std::size_t connections_max = kServerConnectionsMax;
  std::chrono::milliseconds idle_timeout = kIdleTimeout;
  std::chrono::milliseconds head_timeout = kHeadTimeout;
  std::chrono::milliseconds body_timeout = kBodyTimeout;
  std::chrono::milliseconds write_timeout = kWriteTimeout;
  std::shared_ptr<ByteBudget> body_budget = {};  // null: one of its own of kBodyBudgetBytes
};

// What has happened since the server was made. Any thread may read it.
struct HttpServerCounts {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> turned_away{0};  // beyond connections_max
  std::atomic<std::uint64_t> open{0};         // now
  std::atomic<std::uint64_t> requests{0};     // handed to the handler
  std::atomic<std::uint64_t> refused{0};      // answered by the server itself: 4xx, 5xx
  std::atomic<std::uint64_t> failed_tls{0};   // handshakes
  std::atomic<std::uint64_t> timed_out{0};    // idle ones too
  std::atomic<std::uint64_t> cut_slow{0};     // more than kStreamQueueBytesMax waited for them
  std::atomic<std::uint64_t> moved_away{0};
};

// Lives in its loop; not thread-safe but where it says so.
class HttpServer {
 public:
  // `loop` and `handler` outlive the server. The error is a sentence.
  static std::expected<std::unique_ptr<HttpServer>, std::string> Listen(EventLoop& loop,
                                                                        HttpServerOptions options,
                                                                        HttpHandler& handler);
  HttpServer(const HttpServer&) = delete;  // connections refer to it
  HttpServer& operator=(const HttpServer&) = delete;
  // Cuts what is open; its exchanges stay silent. Not from within the handler.
  ~HttpServer();

  // Takes the connection that `exchange` came on, with its request, to `other`, whose handler gets
  // the same exchange, in its thread, in a coming turn. Happens when the calling handler has
  // returned. REQUIRES: `exchange` came from this server, is the only reference to it, and nothing
  // was answered; the loop of `other` outlives this server (if `other` itself is gone by then the
  // connection is closed). Its peer may not be TLS on one side and in the clear on the other.
  void Move(std::shared_ptr<HttpExchange> exchange, const HttpServer& other);

  // Accepts no more; ends idle connections, and each other one with its answer ("Connection:
  // close"). Streams are for their handlers to end. Calls `done` once, when none is left.
  void Drain(std::function<void()> done);

  // New connections get these certificates; the others keep theirs.
  void set_tls(std::shared_ptr<const TlsServer> tls);

  std::uint16_t port() const;              // thread-safe
  const HttpServerCounts& counts() const;  // thread-safe
  std::size_t open_connections() const;

 private:
  class Listener;

  explicit HttpServer(std::unique_ptr<Listener> listener);

  std::unique_ptr<Listener> listener_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HTTP_SERVER_H_
