// What operators look at, on an address of its own: /metrics, /healthz, /readyz.
//
// Nothing here can be changed, and nothing is secret; still it is for the loopback address or a
// network of operators, as names of servers, tools and rules are shown.
#ifndef RUNTIME_GATEWAY_METRICS_METRICS_SERVER_H_
#define RUNTIME_GATEWAY_METRICS_METRICS_SERVER_H_

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "runtime/gateway/metrics/metrics.h"
#include "runtime/limits/clock.h"
#include "runtime/transport/http/http_server.h"

namespace policy::gateway {

// Lives in its loop; not thread-safe.
class MetricsServer final : private transport::HttpHandler {
 public:
  struct Options {
    std::string address;
    std::uint16_t port = 0;
    // Why nothing should be sent here just now; empty: it may be.
    std::function<std::string()> why_not_ready;
    // Called before metrics are shown; may be empty.
    std::function<void()> refresh = {};
  };

  // `loop`, `metrics` and `clock` outlive the server. The error is a sentence.
  static std::expected<std::unique_ptr<MetricsServer>, std::string> Listen(
      transport::EventLoop& loop, Options options, const Metrics& metrics, Clock& clock);
  MetricsServer(const MetricsServer&) = delete;  // its listener refers to it
  MetricsServer& operator=(const MetricsServer&) = delete;

  std::uint16_t port() const { return http_->port(); }

 private:
  MetricsServer(Options options, const Metrics& metrics, Clock& clock)
      : options_(std::move(options)), metrics_(metrics), clock_(clock) {}
  void OnRequest(std::shared_ptr<transport::HttpExchange> exchange) override;

  Options options_;
  const Metrics& metrics_;
  Clock& clock_;
  std::unique_ptr<transport::HttpServer> http_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_METRICS_METRICS_SERVER_H_
