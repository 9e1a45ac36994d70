// One thread of `policyd serve`: its loop, its listener, its sessions and servers.
#ifndef RUNTIME_GATEWAY_SERVE_WORKER_H_
#define RUNTIME_GATEWAY_SERVE_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "runtime/gateway/access/authenticator.h"
#include "runtime/gateway/config/serve_state.h"
#include "runtime/gateway/decision_log.h"
#include "runtime/gateway/serve/legacy_endpoint.h"
#include "runtime/gateway/serve/policy_book.h"
#include "runtime/gateway/serve/serve_shared.h"
#include "runtime/gateway/serve/server_book.h"
#include "runtime/gateway/serve/stateless_endpoint.h"
#include "runtime/gateway/serve/worker_site.h"
#include "runtime/mcp/message.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/http_server.h"

namespace policy::gateway {

// Where a path of HTTP leads.
struct Route {
  std::string_view server;  // /mcp/<server>
  std::string_view rest;    // behind it: empty, or without the slash
};
std::optional<Route> RouteOf(std::string_view path);

// Thread safety: everything happens in the worker's own thread but where it says so.
class Worker final : private transport::HttpHandler {
 public:
  struct Options {
    std::uint16_t index = 0;
    std::uint16_t port = 0;  // as the configuration says, or as the first worker got it
    std::shared_ptr<const transport::TlsServer> tls;  // null: in the clear
  };

  // Listens, from the calling thread; serves once Start was called. `shared` outlives the worker.
  // The error is a sentence.
  static std::expected<std::unique_ptr<Worker>, std::string> Make(
      const Options& options, ServeShared& shared, std::shared_ptr<const ServeState> state);
  Worker(const Worker&) = delete;  // its thread refers to it
  Worker& operator=(const Worker&) = delete;
  // Ends the thread, and all that it serves.
  ~Worker();

  void Start();
  std::uint16_t port() const { return http_->port(); }
  const transport::HttpServerCounts& counts() const { return http_->counts(); }  // any thread

  // From any thread; they happen in a coming turn of the worker's.
  void Install(std::shared_ptr<const ServeState> state);
  void SetTls(std::shared_ptr<const transport::TlsServer> tls);
  void Reap();  // a child of the process has ended
  // Takes nothing new; ends when what is on its way has ended, or `grace` is over.
  void Drain(std::chrono::milliseconds grace);
  bool has_ended() const { return has_ended_.load(); }

 private:
  Worker(const Options& options, ServeShared& shared, std::shared_ptr<const ServeState> state,
         std::unique_ptr<transport::EventLoop> loop);

  void OnRequest(std::shared_ptr<transport::HttpExchange> exchange) override;
  void Post(Asked asked);
  std::uint16_t HomeOf(const Asked& asked) const;
  // Nothing: it is answered.
  std::optional<Asked> LetIn(std::shared_ptr<transport::HttpExchange> exchange,
                             std::string_view server);
  void Refuse(transport::HttpExchange& exchange, const HttpRefused& refused);
  void LogRefused(const Asked& asked, std::string_view method, std::string_view reason);
  void EndOfTurn();
  void KeepAlive();
  void GiveUpLate();
  void LookWhetherDrained();
  void Run();

  ServeShared& shared_;
  std::unique_ptr<transport::EventLoop> loop_;
  WorkerMetrics& metrics_;
  std::optional<DecisionLog> log_;
  bool log_has_failed_ = false;
  ServeTools tools_;
  PolicyBook policies_;
  ServerBook servers_;
  WorkerSite site_;
  Authenticator authenticator_;
  mcp::MessageReader reader_{mcp::Direction::FromClient};
  std::unique_ptr<transport::HttpServer> http_;
  LegacyEndpoint legacy_;
  StatelessEndpoint stateless_;
  bool is_draining_ = false;
  std::int64_t drained_by_ns_ = 0;  // monotonic
  bool has_ended_calls_ = false;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_WORKER_H_
