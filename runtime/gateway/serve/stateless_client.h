// The client side of one request from version 2026-07-28 on: one POST, and no session. A client
// that closes its connection has cancelled.
#ifndef RUNTIME_GATEWAY_SERVE_STATELESS_CLIENT_H_
#define RUNTIME_GATEWAY_SERVE_STATELESS_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/gateway/message_relay.h"
#include "runtime/gateway/serve/client_side.h"
#include "runtime/gateway/serve/event_stream.h"

namespace policy::gateway {

// Used for one request after another. Lives in its worker's loop; not thread-safe.
class StatelessClient final : public ClientSide {
 public:
  // `relay` outlives the client. `forget`: the server is to stop working at a request.
  StatelessClient(MessageRelay& relay, std::function<void(std::uint64_t sequence)> forget)
      : relay_(relay), forget_(std::move(forget)) {}
  ~StatelessClient() override { *is_alive_ = false; }

  // REQUIRES: the request before it has ended.
  void Post(std::shared_ptr<transport::HttpExchange> exchange);
  // The server has asked something, which it must not: what it waits for will not come.
  bool is_spoiled() const { return is_spoiled_; }

  void Began(std::uint64_t sequence, const mcp::Message& request) override;
  void Send(std::string_view bytes, Regarding regarding) override;
  void Ended(std::uint64_t sequence) override;
  void Dropped(std::string_view reason) override;
  void ListsTools() override { lists_tools_ = true; }
  void set_answer_status(int status) override { answer_status_ = status; }
  void Fail(std::uint64_t sequence, int status, std::string_view text) override;
  void KeepAlive() override;
  void End(int status, std::string_view text) override;

 private:
  void ClientLeft();

  MessageRelay& relay_;
  std::function<void(std::uint64_t)> forget_;
  std::shared_ptr<transport::HttpExchange> current_;  // until its message has a stream
  std::optional<EventStream> stream_;
  std::uint64_t sequence_ = 0;  // of the request at hand; 0: none
  int answer_status_ = 200;
  bool lists_tools_ = false;
  bool is_spoiled_ = false;
  bool is_call_ = false;  // the request at hand: of a tool
  const std::string no_session_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_STATELESS_CLIENT_H_
