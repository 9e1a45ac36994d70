#include "runtime/gateway/serve/http_upstream.h"

#include <utility>

namespace policy::gateway {

std::expected<std::unique_ptr<HttpUpstream>, std::string> HttpUpstream::Make(
    const ServerConfig& config, std::string credential, const ServeLimits& limits,
    ServeTools& tools) {
  std::unique_ptr<HttpUpstream> upstream(new HttpUpstream(config, std::move(credential), tools));
  transport::HttpClientOptions options{
      .url = config.url,
      .ca_path = config.ca_path,
      .certificate_path = config.client_certificate_path,
      .key_path = config.client_key_path,
  };
  options.connect_timeout = std::chrono::milliseconds(config.timeouts.connect_ms);
  options.first_byte_timeout = std::chrono::milliseconds(config.timeouts.first_byte_ms);
  options.connections_max = limits.upstream_connections_max;
  auto client = transport::HttpClient::Make(tools.loop, std::move(options));
  if (!client) return std::unexpected(std::move(client.error()));
  upstream->client_ = std::move(*client);
  return upstream;
}

HttpUpstream::HttpUpstream(ServerConfig config, std::string credential, ServeTools& tools)
    : config_(std::move(config)),
      credential_(std::move(credential)),
      tools_(tools),
      breaker_(config_.breaker.failures, config_.breaker.open_ms) {}

void HttpUpstream::AppendCredential(std::vector<transport::HttpHeader>& headers) const {
  if (config_.credential && !credential_.empty()) {
    headers.push_back({config_.credential->header, credential_});
  }
}

void HttpUpstream::EndSession(std::string_view session_id, std::string_view protocol_version) {
  std::vector<transport::HttpHeader> headers = {{"Mcp-Session-Id", session_id}};
  if (!protocol_version.empty()) headers.push_back({"MCP-Protocol-Version", protocol_version});
  AppendCredential(headers);
  Farewell& farewell = *farewells_.emplace_back(std::make_unique<Farewell>(*this));
  farewell.call =
      client_->Send({.method = "DELETE", .target = {}, .headers = headers, .body = {}}, farewell);
}

// It is dropped in a coming turn: it is what is calling.
void HttpUpstream::Said(const Farewell& farewell) {
  tools_.loop.Post([this, is_alive = std::weak_ptr(is_alive_), &farewell] {
    if (is_alive.expired()) return;
    farewells_.remove_if([&farewell](const auto& other) { return other.get() == &farewell; });
  });
}

}  // namespace policy::gateway
