// The connections of one server, and what they share.
#ifndef RUNTIME_TRANSPORT_HTTP_SERVER_CONNECTIONS_H_
#define RUNTIME_TRANSPORT_HTTP_SERVER_CONNECTIONS_H_

#include <array>
#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/transport/deadlines.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/connection_list.h"
#include "runtime/transport/http/http_server.h"
#include "runtime/transport/http/server_connection.h"

namespace policy::transport {

// Where connections from other loops come in. `set` is null when the server is gone; of the loop's
// thread.
struct ServerDoor {
  EventLoop* loop = nullptr;
  ServerConnections* set = nullptr;
};

// Lives in its loop's thread; not thread-safe.
class ServerConnections {
 public:
  ServerConnections(EventLoop& loop, HttpServerOptions options, HttpHandler& handler);
  ServerConnections(const ServerConnections&) = delete;  // connections refer to it
  ServerConnections& operator=(const ServerConnections&) = delete;
  ~ServerConnections();

  void Add(TcpStream stream, std::shared_ptr<HttpPeer> peer);
  void Drain(std::function<void()> done);

  // For connections.
  void MarkDirty(ServerConnection& connection) { list_.MarkDirty(connection); }
  void Bury(ServerConnection& connection);
  void SendAway(ServerConnection& connection, std::shared_ptr<HttpExchange> exchange,
                const std::shared_ptr<ServerDoor>& door);
  void Adopt(std::unique_ptr<ServerConnection> connection, std::shared_ptr<HttpExchange> exchange);
  std::string_view Date();  // now, as the header has it
  std::span<HttpHeader> header_room() { return header_room_; }

  EventLoop& loop() { return loop_; }
  Deadlines& deadlines() { return deadlines_; }
  HttpServerOptions& options() { return options_; }
  const HttpServerOptions& options() const { return options_; }
  HttpHandler& handler() { return handler_; }
  HttpServerCounts& counts() { return counts_; }
  const HttpServerCounts& counts() const { return counts_; }
  const std::shared_ptr<ServerDoor>& door() const { return door_; }
  bool is_draining() const { return is_draining_; }
  std::size_t size() const { return list_.size(); }

 private:
  void Settled();
  ServerConnection& Insert(std::unique_ptr<ServerConnection> connection);
  void CountOpen();

  EventLoop& loop_;
  HttpServerOptions options_;
  HttpHandler& handler_;
  HttpServerCounts counts_;
  Deadlines deadlines_;
  std::shared_ptr<ServerDoor> door_;
  ConnectionList<ServerConnection> list_;
  std::array<HttpHeader, kHeadersMax> header_room_;
  std::time_t date_time_ = -1;
  std::string date_;
  std::function<void()> on_drained_;
  bool is_draining_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_SERVER_CONNECTIONS_H_
