// Requests from version 2026-07-28 on: each stands for itself.
#ifndef RUNTIME_GATEWAY_SERVE_STATELESS_ENDPOINT_H_
#define RUNTIME_GATEWAY_SERVE_STATELESS_ENDPOINT_H_

#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/gateway/serve/modern_hub.h"
#include "runtime/gateway/serve/request_checks.h"
#include "runtime/gateway/serve/serve_gate.h"
#include "runtime/gateway/serve/serve_session.h"
#include "runtime/gateway/serve/stateless_client.h"
#include "runtime/gateway/serve/worker_site.h"
#include "runtime/mcp/header_agreement.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class StatelessEndpoint {
 public:
  // `site` outlives the endpoint.
  explicit StatelessEndpoint(WorkerSite& site);
  StatelessEndpoint(const StatelessEndpoint&) = delete;  // the loop refers to it
  StatelessEndpoint& operator=(const StatelessEndpoint&) = delete;
  ~StatelessEndpoint();

  // `message`: what the body says; `headers`: what the head says of it, which agrees.
  void Post(Asked asked, const mcp::Message& message, const mcp::MirrorHeaders& headers);

  // As LegacyEndpoint.
  void Install();
  void KeepAlive();
  void GiveUpLate();
  void EndAll();
  bool has_calls_in_flight() const;

 private:
  struct Seat;
  using Seats = std::list<std::unique_ptr<Seat>>;
  struct Owner {
    std::string server, grant, subject;
    auto operator<=>(const Owner&) const = default;
  };

  Seat* Take(const Asked& asked);
  std::expected<std::unique_ptr<ServerSide>, HttpRefused> Connect(const Asked& asked,
                                                                  ServerListener& listener);
  void Idle(Seat& seat);
  bool MayGoOn(const Owner& owner) const;
  bool HasLostServer(const Seat& seat) const;
  void DropUnused();

  WorkerSite& site_;
  Seats seats_;
  std::uint64_t next_seat_ = 1;
  std::map<Owner, std::vector<Seat*>> idle_;  // by whom they were made for
  // Servers of the legacy era, each in a session of one caller's.
  std::map<Owner, std::shared_ptr<ModernHub>> hubs_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_STATELESS_ENDPOINT_H_
