// The client side of a session over HTTP+SSE, version 2024-11-05: one stream for all that it hears,
// and a POST for each message it says.
#ifndef RUNTIME_GATEWAY_SERVE_SSE_CLIENT_H_
#define RUNTIME_GATEWAY_SERVE_SSE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/message_relay.h"
#include "runtime/gateway/serve/client_side.h"
#include "runtime/transport/http/http_exchange.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class SseClient final : public ClientSide {
 public:
  // `relay` outlives the client.
  explicit SseClient(MessageRelay& relay) : relay_(relay) {}

  // The stream begins: the client is told to POST to `endpoint`.
  void Open(std::shared_ptr<transport::HttpExchange> exchange, std::string_view endpoint);

  void Began(std::uint64_t, const mcp::Message&) override {}
  void Send(std::string_view bytes, Regarding regarding) override;
  void Ended(std::uint64_t) override {}
  void Dropped(std::string_view) override {}
  void Fail(std::uint64_t sequence, int status, std::string_view text) override;
  void KeepAlive() override;
  void End(int status, std::string_view text) override;

 private:
  MessageRelay& relay_;
  std::shared_ptr<transport::HttpExchange> exchange_;
  std::string event_;
  std::string scratch_;
  bool was_quiet_ = false;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SSE_CLIENT_H_
