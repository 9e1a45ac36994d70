// What the endpoints of a worker stand on.
#ifndef RUNTIME_GATEWAY_SERVE_WORKER_SITE_H_
#define RUNTIME_GATEWAY_SERVE_WORKER_SITE_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "runtime/gateway/access/authenticator.h"
#include "runtime/gateway/call_pipeline.h"
#include "runtime/gateway/config/serve_state.h"
#include "runtime/gateway/serve/policy_book.h"
#include "runtime/gateway/serve/serve_shared.h"
#include "runtime/gateway/serve/serve_tools.h"
#include "runtime/gateway/serve/server_book.h"
#include "runtime/transport/http/http_exchange.h"

namespace policy::gateway {

// One a worker; not thread-safe. All of it outlives the endpoints.
struct WorkerSite {
  ServeShared& shared;
  std::uint16_t index;  // of the worker
  ServeTools& tools;
  WorkerMetrics& metrics;
  PolicyBook& policies;
  ServerBook& servers;
  std::shared_ptr<const ServeState> state;  // in force
  std::mt19937_64 random;                   // for names that are no secrets
};

// A request that was let in, for one server.
struct Asked {
  std::shared_ptr<transport::HttpExchange> exchange;
  Identity who;
  const ServerConfig* server = nullptr;  // of the state in force

  SessionOwner owner() const { return {server->name, who.grant->id, who.subject}; }
};

// The headers of W3C Trace Context that go to the server with a request: its trace goes on, or one
// begins.
ServerSide::Headers TraceHeaders(WorkerSite& site, const transport::HttpRequestHead& head);

// `session`: what counters of a session belong to.
Caller CallerOf(const Asked& asked, std::string session);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_WORKER_SITE_H_
