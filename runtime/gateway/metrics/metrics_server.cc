#include "runtime/gateway/metrics/metrics_server.h"

#include <array>
#include <utility>

namespace policy::gateway {
namespace {

using transport::HttpExchange;
using transport::HttpHeader;

constexpr int kDone = 200;
constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kUnavailable = 503;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// Scrapers and probes are few; a request has no body.
constexpr std::size_t kAdminConnectionsMax = 64;
constexpr std::size_t kAdminBodyBytesMax = 1'024;

void Respond(HttpExchange& exchange, int status, std::string_view type, std::string_view body) {
  const std::array<HttpHeader, 3> headers = {{{"Content-Type", type},
                                              {"Cache-Control", "no-store"},
                                              {"X-Content-Type-Options", "nosniff"}}};
  exchange.Respond(status, headers, body);
}

void RespondPlain(HttpExchange& exchange, int status, const std::string& line) {
  Respond(exchange, status, "text/plain; charset=utf-8", line + "\n");
}

}  // namespace

std::expected<std::unique_ptr<MetricsServer>, std::string> MetricsServer::Listen(
    transport::EventLoop& loop, Options options, const Metrics& metrics, Clock& clock) {
  transport::HttpServerOptions http;
  http.address = options.address;
  http.port = options.port;
  http.body_bytes_max = kAdminBodyBytesMax;
  http.connections_max = kAdminConnectionsMax;
  std::unique_ptr<MetricsServer> server(new MetricsServer(std::move(options), metrics, clock));
  auto listening = transport::HttpServer::Listen(loop, std::move(http), *server);
  if (!listening) return std::unexpected("admin: " + listening.error());
  server->http_ = *std::move(listening);
  return server;
}

void MetricsServer::OnRequest(std::shared_ptr<transport::HttpExchange> exchange) {
  const std::string_view path = exchange->head().path;
  const bool is_known = path == "/metrics" || path == "/healthz" || path == "/readyz";
  if (!is_known) return RespondPlain(*exchange, kNotFound, "/metrics, /healthz and /readyz");
  if (exchange->head().method != "GET" && exchange->head().method != "HEAD") {
    const std::array<HttpHeader, 1> allow = {{{"Allow", "GET, HEAD"}}};
    return exchange->Respond(kMethodNotAllowed, allow, "");
  }
  if (path == "/metrics") {
    if (options_.refresh) options_.refresh();
    const std::int64_t now_s = clock_.WallNanoseconds() / kNanosecondsPerSecond;
    return Respond(*exchange, kDone, kPrometheusContentType, metrics_.RenderPrometheus(now_s));
  }
  if (path == "/readyz") {
    const std::string why_not = options_.why_not_ready ? options_.why_not_ready() : std::string();
    if (!why_not.empty()) return RespondPlain(*exchange, kUnavailable, why_not);
  }
  RespondPlain(*exchange, kDone, "ok");
}

}  // namespace policy::gateway
