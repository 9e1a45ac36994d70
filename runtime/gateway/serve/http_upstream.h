// A server that is reached over HTTP, as one worker knows it: shared by its sessions.
#ifndef RUNTIME_GATEWAY_SERVE_HTTP_UPSTREAM_H_
#define RUNTIME_GATEWAY_SERVE_HTTP_UPSTREAM_H_

#include <expected>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/config/serve_config.h"
#include "runtime/gateway/metrics/circuit_breaker.h"
#include "runtime/gateway/serve/serve_tools.h"
#include "runtime/transport/http/http_client.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class HttpUpstream {
 public:
  // `tools` outlives it. `credential`: the value of the header that the configuration names; empty:
  // none is sent. The error is a sentence.
  static std::expected<std::unique_ptr<HttpUpstream>, std::string> Make(const ServerConfig& config,
                                                                        std::string credential,
                                                                        const ServeLimits& limits,
                                                                        ServeTools& tools);

  transport::HttpClient& client() { return *client_; }
  CircuitBreaker& breaker() { return breaker_; }
  const UpstreamTimeouts& timeouts() const { return config_.timeouts; }
  // Name and value; nothing where there is no credential.
  void AppendCredential(std::vector<transport::HttpHeader>& headers) const;

  // Tells the server that a session is over. Nobody waits for its answer.
  void EndSession(std::string_view session_id, std::string_view protocol_version);

 private:
  struct Farewell final : transport::HttpResponseHandler {
    explicit Farewell(HttpUpstream& owner) : upstream(owner) {}
    void OnHead(const transport::HttpResponseHead&) override {}
    void OnBody(std::string_view) override {}
    void OnEnd() override { upstream.Said(*this); }
    void OnFailure(const transport::HttpFailure&) override { upstream.Said(*this); }

    HttpUpstream& upstream;
    std::unique_ptr<transport::HttpCall> call;
  };

  HttpUpstream(ServerConfig config, std::string credential, ServeTools& tools);
  void Said(const Farewell& farewell);

  ServerConfig config_;
  std::string credential_;
  ServeTools& tools_;
  CircuitBreaker breaker_;
  std::unique_ptr<transport::HttpClient> client_;
  std::list<std::unique_ptr<Farewell>> farewells_;  // before client_ is gone they are
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_HTTP_UPSTREAM_H_
