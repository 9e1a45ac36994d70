// The servers of a worker: connections to those over HTTP, and what becomes of the children of the
// others.
#ifndef RUNTIME_GATEWAY_SERVE_SERVER_BOOK_H_
#define RUNTIME_GATEWAY_SERVE_SERVER_BOOK_H_

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/gateway/config/serve_state.h"
#include "runtime/gateway/serve/http_server_side.h"
#include "runtime/gateway/serve/http_upstream.h"
#include "runtime/gateway/serve/request_checks.h"
#include "runtime/gateway/serve/serve_shared.h"
#include "runtime/gateway/serve/serve_tools.h"
#include "runtime/gateway/serve/server_child.h"
#include "runtime/gateway/serve/stdio_server.h"
#include "runtime/mcp/header_marks.h"

namespace policy::gateway {

// A child that ends sooner than this after its start has crashed. The next one is started after
// kRestartDelay, and twice as long for each more that crashes, at most kRestartDelayMax.
inline constexpr std::chrono::milliseconds kCrashTime{10'000};
inline constexpr std::chrono::milliseconds kRestartDelay{100};
inline constexpr std::chrono::milliseconds kRestartDelayMax{30'000};

// One a worker; not thread-safe.
class ServerBook {
 public:
  ServerBook(ServeShared& shared, ServeTools& tools, WorkerMetrics& metrics)
      : shared_(shared), tools_(tools), metrics_(metrics), children_(shared.children) {}

  // The server side of a new session. `listener` outlives it.
  std::expected<std::unique_ptr<ServerSide>, HttpRefused> Connect(const ServeState& state,
                                                                  const ServerConfig& config,
                                                                  HttpServerSide::Era era,
                                                                  ServerListener& listener);

  // From now on new sessions get servers as `state` has them.
  void Install(const ServeState& state);

  ChildSet& children() { return children_; }
  // Which arguments of a server's tools go into headers as well, as far as it has listed them here.
  mcp::ToolHeaderMarks& marks(const std::string& server) { return marks_[server]; }

 private:
  struct Upstream {
    std::unique_ptr<HttpUpstream> http;
    std::string fingerprint;  // of its configuration: another one gets connections of its own
  };
  struct History {
    unsigned crashes = 0;
    std::int64_t not_before_ns = 0;
  };

  std::expected<HttpUpstream*, HttpRefused> UpstreamOf(const ServeState& state,
                                                       const ServerConfig& config);
  std::expected<std::unique_ptr<ServerSide>, HttpRefused> StartChild(const ServeState& state,
                                                                     const ServerConfig& config,
                                                                     ServerListener& listener);
  void Crashed(const std::string& server, std::int64_t started_ns);

  ServeShared& shared_;
  ServeTools& tools_;
  WorkerMetrics& metrics_;
  ChildSet children_;
  std::map<std::string, Upstream, std::less<>> upstreams_;
  std::vector<std::unique_ptr<HttpUpstream>> retired_;  // sessions may still refer to them
  std::map<std::string, History, std::less<>> histories_;
  std::map<std::string, mcp::ToolHeaderMarks, std::less<>> marks_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVER_BOOK_H_
