// One conversation of `policyd serve`: the relay, and the two sides that it stands between.
#ifndef RUNTIME_GATEWAY_SERVE_SERVE_SESSION_H_
#define RUNTIME_GATEWAY_SERVE_SERVE_SESSION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/config/serve_config.h"
#include "runtime/gateway/message_relay.h"
#include "runtime/gateway/serve/client_side.h"
#include "runtime/gateway/serve/serve_tools.h"
#include "runtime/gateway/serve/server_side.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class ServeSession final : public RelayOutput, public ServerListener {
 public:
  struct Callbacks {
    // The session is over, by itself: whoever holds it may drop it, in a coming turn.
    std::function<void()> on_over;
    // A request has ended, and none is in flight.
    std::function<void()> on_idle;
    // As RelayOutput::Listed; may be empty.
    std::function<void(const mcp::Message& answer)> on_listed;
  };

  // `tools` outlives the session.
  ServeSession(RelayOptions options, std::shared_ptr<PolicyVersion> policy, ServeTools& tools,
               Callbacks callbacks);
  ServeSession(const ServeSession&) = delete;  // both sides refer to it
  ServeSession& operator=(const ServeSession&) = delete;
  ~ServeSession() { End(404, "the session is over"); }

  // Both sides, before the first message.
  void Connect(std::unique_ptr<ClientSide> client, std::unique_ptr<ServerSide> server);

  // Requests that have waited for too long, without a word about them, are given up: the client
  // gets an error, the server is told.
  void GiveUpLate(const UpstreamTimeouts& timeouts);

  MessageRelay& relay() { return relay_; }
  ClientSide& client() { return *client_; }
  ServerSide& server() { return *server_; }
  bool is_over() const { return is_over_; }

  // Settles what is in flight, and ends both sides. Who still waits is told so: by `status` where
  // nothing was said, else by an error.
  void End(int status, std::string_view text);

  void ToClient(std::string_view bytes, Regarding regarding) override;
  void ToServer(std::string_view bytes, Regarding regarding) override;
  bool TakeBack(std::uint64_t sequence) override { return server_->TakeBack(sequence); }
  bool server_is_full() const override { return server_->is_full(); }
  void Began(std::uint64_t sequence, const mcp::Message& request) override;
  void Ended(std::uint64_t sequence) override;
  void Left(std::uint64_t sequence) override;
  void Listed(const mcp::Message& answer) override {
    if (callbacks_.on_listed) callbacks_.on_listed(answer);
    client_->ListsTools();
  }
  void Dropped(std::string_view reason) override { client_->Dropped(reason); }

  void OnServerMessage(std::string_view bytes, From from) override;
  void OnServerMessageTooLong(std::uint64_t sequence) override;
  void OnRequestLost(const LostRequest& lost) override;
  void OnStreamPaused(std::uint64_t sequence, std::string_view retry_ms) override;
  void OnServerEnded(std::string_view why) override;

 private:
  struct Waiting {
    std::string id;             // raw
    std::int64_t heard_ns = 0;  // monotonic: of its beginning, or the last word about it
    bool is_initialize = false;
  };

  ServeTools& tools_;
  Callbacks callbacks_;
  MessageRelay relay_;
  std::unique_ptr<ClientSide> client_;
  std::unique_ptr<ServerSide> server_;
  std::map<std::uint64_t, Waiting> waiting_;    // by sequence; what is meant to last is not there
  std::map<std::uint64_t, std::int64_t> left_;  // cancelled and not answered: since when
  bool is_over_ = false;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVE_SESSION_H_
