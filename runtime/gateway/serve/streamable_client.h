// The client side of a session over Streamable HTTP, versions 2025-03-26 to 2025-11-25: a POST for
// each message, and one GET that listens.
#ifndef RUNTIME_GATEWAY_SERVE_STREAMABLE_CLIENT_H_
#define RUNTIME_GATEWAY_SERVE_STREAMABLE_CLIENT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/message_relay.h"
#include "runtime/gateway/serve/client_side.h"
#include "runtime/gateway/serve/event_stream.h"

namespace policy::gateway {

class StreamableClient final : public ClientSide {
 public:
  struct Options {
    std::size_t replay_events_max = 0;
    std::size_t replay_bytes_max = 0;
    // The id of the session, once the answer to initialize has come: what it holds may depend on
    // the server.
    std::function<std::string()> make_session_id;
  };

  // `relay` outlives the client.
  StreamableClient(MessageRelay& relay, Options options);

  // One message of the client.
  void Post(std::shared_ptr<transport::HttpExchange> exchange);
  // `last_event`: of Last-Event-ID; empty: there is none. false: somebody listens already.
  void Get(std::shared_ptr<transport::HttpExchange> exchange, std::string_view last_event);

  // A session that began elsewhere: what the answer to initialize had said.
  void TakeUp(std::string session_id, std::string protocol_version);

  const std::string& session_id() const { return session_id_; }
  const std::string& protocol_version() const { return protocol_version_; }
  bool is_initialized() const { return !session_id_.empty(); }
  bool is_listening() const { return listening_.has_listener(); }

  // Who listens is sent away: the process ends.
  void EndListening() { listening_.End(); }

  void Began(std::uint64_t sequence, const mcp::Message& request) override;
  void Send(std::string_view bytes, Regarding regarding) override;
  void Ended(std::uint64_t sequence) override;
  void Dropped(std::string_view reason) override;
  void Pause(std::uint64_t sequence, std::string_view retry_ms) override;
  void Fail(std::uint64_t sequence, int status, std::string_view text) override;
  void KeepAlive() override;
  void End(int status, std::string_view text) override;

 private:
  struct Request {
    std::unique_ptr<EventStream> stream;
    std::string progress_token;  // raw; empty: none
    bool is_initialize = false;
  };

  StreamOptions OptionsOf(std::uint64_t number) const;
  EventStream* StreamFor(std::string_view bytes, Regarding regarding);
  void NoteInitialized(std::string_view answer);

  MessageRelay& relay_;
  Options options_;
  std::string session_id_;
  std::string protocol_version_;
  // The POST whose message the relay is reading; null once it was answered, or has a stream.
  std::shared_ptr<transport::HttpExchange> current_;
  std::map<std::uint64_t, Request> requests_;  // by sequence: the newest last
  EventStream listening_;
  std::deque<std::unique_ptr<EventStream>> finished_;  // that may be asked for again
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_STREAMABLE_CLIENT_H_
