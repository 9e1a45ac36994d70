// Sessions of Streamable HTTP, versions 2025-03-26 to 2025-11-25: initialize begins one, DELETE
// ends it, and whoever does not say which one it is in gets no further.
#ifndef RUNTIME_GATEWAY_SERVE_LEGACY_ENDPOINT_H_
#define RUNTIME_GATEWAY_SERVE_LEGACY_ENDPOINT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "runtime/gateway/serve/serve_gate.h"
#include "runtime/gateway/serve/serve_session.h"
#include "runtime/gateway/serve/streamable_client.h"
#include "runtime/gateway/serve/worker_site.h"
#include "runtime/mcp/message.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class LegacyEndpoint {
 public:
  // Takes a request to the worker in whose hands its session is.
  using Move =
      std::function<void(std::shared_ptr<transport::HttpExchange> exchange, std::uint16_t worker)>;

  // `site` outlives the endpoint.
  LegacyEndpoint(WorkerSite& site, Move move);
  LegacyEndpoint(const LegacyEndpoint&) = delete;  // the loop refers to it
  LegacyEndpoint& operator=(const LegacyEndpoint&) = delete;
  ~LegacyEndpoint();

  // `message`: what the body says, if it could be read.
  void Post(Asked asked, const mcp::Message* message);
  void Get(Asked asked);
  void Delete(Asked asked);
  // HTTP+SSE: a GET of …/sse begins a session, whose messages go to …/messages.
  void GetSse(Asked asked);
  void PostSse(Asked asked);

  // The worker has another state: policies and grants of the sessions follow.
  void Install();
  // Called every so often: streams are kept alive, idle sessions end.
  void KeepAlive();
  // Called every second or so.
  void GiveUpLate();
  // Streams that only listen are ended; calls go on.
  void EndListening();
  void EndAll();
  bool has_calls_in_flight() const;

 private:
  struct Seat;
  using Number = std::uint64_t;

  enum class Kind : std::uint8_t { Streamable, Sse };

  // Null: it is answered already, or somewhere else.
  Seat* Find(Asked& asked, std::string_view id, Kind kind);
  Seat* FindStreamable(Asked& asked);
  Seat* Begin(const Asked& asked, Number number, Kind kind);
  std::unique_ptr<ClientSide> MakeClient(Seat& seat, Kind kind, ServerSide& server);
  Seat* TakeUp(const Asked& asked, const SessionTicket& ticket, std::string_view id);
  void Give(Seat& seat, Asked asked);
  void Drop(Number number);
  void DropUnlessBegun(Number number);
  void Touch(Seat& seat, const Asked& asked);

  WorkerSite& site_;
  Move move_;
  std::unordered_map<Number, std::unique_ptr<Seat>> seats_;
  std::unordered_set<Number> ended_;
  std::deque<Number> ended_in_turn_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_LEGACY_ENDPOINT_H_
