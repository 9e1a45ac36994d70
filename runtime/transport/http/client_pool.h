// The connections of one client, and the calls that wait for one.
#ifndef RUNTIME_TRANSPORT_HTTP_CLIENT_POOL_H_
#define RUNTIME_TRANSPORT_HTTP_CLIENT_POOL_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/transport/deadlines.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/client_connection.h"
#include "runtime/transport/http/connection_list.h"
#include "runtime/transport/http/http_client.h"
#include "runtime/transport/name_lookup.h"

namespace policy::transport {

// Lives in its loop's thread; not thread-safe.
class ClientPool {
 public:
  ClientPool(EventLoop& loop, HttpClientOptions options, HttpUrl url, std::optional<TlsClient> tls);
  ClientPool(const ClientPool&) = delete;  // connections and calls refer to it
  ClientPool& operator=(const ClientPool&) = delete;
  ~ClientPool();

  std::unique_ptr<HttpCall> Send(const HttpRequest& request, HttpResponseHandler& handler);

  // For calls.
  void Withdraw(HttpCall& call);
  void WaitedTooLong(HttpCall& call);

  // For connections.
  void MarkDirty(ClientConnection& connection) { list_.MarkDirty(connection); }
  void Bury(ClientConnection& connection);
  void AddIdle(ClientConnection& connection);
  void RemoveIdle(ClientConnection& connection);
  void SendAgain(HttpCall& call, std::string bytes);  // before all others
  void CannotConnect(const std::string& why);
  const SocketAddress& Address(std::size_t index) const {
    return addresses_[index % addresses_.size()];
  }
  std::size_t address_count() const { return addresses_.size(); }
  void PreferAddress(std::size_t index) { preferred_address_ = index; }
  void KeepRoom(std::string room);  // for the next request

  EventLoop& loop() { return loop_; }
  Deadlines& deadlines() { return deadlines_; }
  const HttpClientOptions& options() const { return options_; }
  const HttpUrl& url() const { return url_; }
  const TlsClient* tls() const { return tls_ ? &*tls_ : nullptr; }
  std::span<HttpHeader> header_room() { return header_room_; }
  std::size_t size() const { return list_.size(); }
  std::size_t idle() const { return idle_.size(); }

 private:
  std::string Write(const HttpRequest& request, HttpCall& call);
  void AssignCalls();
  ClientConnection* TakeIdle();
  bool HasAddresses();
  void FailWaiting(HttpCall& call, const std::string& why);

  EventLoop& loop_;
  HttpClientOptions options_;
  HttpUrl url_;
  std::optional<TlsClient> tls_;
  Deadlines deadlines_;
  std::vector<SocketAddress> addresses_;
  std::size_t preferred_address_ = 0;  // that answered last
  std::chrono::steady_clock::time_point found_at_;
  std::unique_ptr<NameLookup> lookup_;  // on its way
  std::deque<HttpCall*> waiting_;
  std::vector<ClientConnection*> idle_;  // the one used last is last
  std::array<HttpHeader, kHeadersMax> header_room_;
  std::string room_;
  ConnectionList<ClientConnection> list_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_CLIENT_POOL_H_
