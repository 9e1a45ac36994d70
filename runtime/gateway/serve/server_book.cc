#include "runtime/gateway/serve/server_book.h"

#include <algorithm>
#include <utility>

#include "runtime/gateway/counter_home.h"
#include "runtime/gateway/serve/sse_server_side.h"

namespace policy::gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr int kBadGateway = 502;
constexpr int kUnavailable = 503;

// What makes two upstreams the same. A separator that stands in no value.
std::string FingerprintOf(const ServerConfig& config, const std::string& credential) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    text += part;
    text += '\x1F';
  };
  add(config.url);
  add(config.ca_path);
  add(config.client_certificate_path);
  add(config.client_key_path);
  add(config.credential ? config.credential->header : "");
  add(credential);
  for (const std::uint32_t number :
       {config.timeouts.connect_ms, config.timeouts.first_byte_ms, config.timeouts.call_ms,
        config.breaker.failures, config.breaker.open_ms}) {
    add(std::to_string(number));
  }
  return text;
}

}  // namespace

std::expected<std::unique_ptr<ServerSide>, HttpRefused> ServerBook::Connect(
    const ServeState& state, const ServerConfig& config, HttpServerSide::Era era,
    ServerListener& listener) {
  if (config.transport == UpstreamTransport::Stdio) return StartChild(state, config, listener);
  const auto upstream = UpstreamOf(state, config);
  if (!upstream) return std::unexpected(upstream.error());
  if (config.transport == UpstreamTransport::Sse) {
    return std::make_unique<SseServerSide>(**upstream, tools_, listener);
  }
  return std::make_unique<HttpServerSide>(**upstream, era, tools_, listener);
}

std::expected<HttpUpstream*, HttpRefused> ServerBook::UpstreamOf(const ServeState& state,
                                                                 const ServerConfig& config) {
  const auto credential = state.credentials.find(config.name);
  const std::string value = credential == state.credentials.end() ? "" : credential->second;
  std::string fingerprint = FingerprintOf(config, value);
  Upstream& upstream = upstreams_[config.name];
  if (upstream.http != nullptr && upstream.fingerprint == fingerprint) return upstream.http.get();
  auto made = HttpUpstream::Make(config, value, state.config->limits, tools_);
  if (!made) {
    tools_.say("server `" + config.name + "`: " + made.error());
    return std::unexpected(HttpRefused{kBadGateway, "the server cannot be reached"});
  }
  if (upstream.http != nullptr) retired_.push_back(std::move(upstream.http));
  upstream = {std::move(*made), std::move(fingerprint)};
  return upstream.http.get();
}

std::expected<std::unique_ptr<ServerSide>, HttpRefused> ServerBook::StartChild(
    const ServeState& state, const ServerConfig& config, ServerListener& listener) {
  const std::int64_t now_ns = tools_.clock.MonotonicNanoseconds();
  History& history = histories_[config.name];
  if (now_ns < history.not_before_ns) {
    return std::unexpected(HttpRefused{kUnavailable, "the server has crashed: try again later"});
  }
  if (shared_.children.load(std::memory_order_relaxed) >= state.config->limits.children_max) {
    return std::unexpected(HttpRefused{kUnavailable, "too many servers run: try again later"});
  }
  ServerChild::Options options{
      .command = config.command,
      .place = {.environment = {}, .hidden = {kStorePasswordVariable}, .folder = config.folder}};
  // What policyd itself shows to servers is no business of its children's.
  for (const auto& [name, other] : state.config->servers) {
    if (other.credential && !other.credential->variable.empty()) {
      options.place.hidden.push_back(other.credential->variable);
    }
  }
  for (const auto& [name, value] : config.environment) {
    options.place.environment.push_back(name + "=" + value);
  }
  if (history.crashes != 0) metrics_.Count(Sum::ChildRestarts);
  auto server = StdioServer::Start(options, tools_, children_, listener,
                                   [this, name = config.name, now_ns] { Crashed(name, now_ns); });
  if (!server) {
    tools_.say("server `" + config.name + "`: " + server.error());
    Crashed(config.name, now_ns);
    return std::unexpected(HttpRefused{kBadGateway, "the server cannot be started"});
  }
  return std::move(*server);
}

void ServerBook::Crashed(const std::string& server, std::int64_t started_ns) {
  const std::int64_t now_ns = tools_.clock.MonotonicNanoseconds();
  History& history = histories_[server];
  if (now_ns - started_ns > std::chrono::nanoseconds(kCrashTime).count()) {
    history = {};
    return;
  }
  const unsigned doublings = std::min(history.crashes++, 9U);
  const milliseconds delay = std::min(kRestartDelay * (1U << doublings), kRestartDelayMax);
  history.not_before_ns = now_ns + delay.count() * kNanosecondsPerMillisecond;
}

void ServerBook::Install(const ServeState& state) {
  for (auto upstream = upstreams_.begin(); upstream != upstreams_.end();) {
    if (state.config->servers.contains(upstream->first)) {
      ++upstream;
      continue;
    }
    retired_.push_back(std::move(upstream->second.http));
    upstream = upstreams_.erase(upstream);
  }
}

}  // namespace policy::gateway
