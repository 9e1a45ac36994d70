#include "runtime/gateway/serve/worker.h"

#include <algorithm>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/gateway/access/resource_metadata.h"
#include "runtime/gateway/serve/http_answer.h"
#include "runtime/gateway/serve/request_checks.h"
#include "runtime/mcp/header_agreement.h"
#include "runtime/mcp/session.h"

namespace policy::gateway {
namespace {

using std::chrono::milliseconds;
using transport::HttpHeader;

constexpr std::string_view kPrefix = "/mcp/";
// Silent streams are looked at twice in the time that they may be silent.
constexpr int kTicksPerKeepAlive = 2;
constexpr milliseconds kLateLook{1'000};
constexpr milliseconds kDrainLook{20};
// After the calls have ended: for children to end, and connections to close.
constexpr milliseconds kDrainRest{2'500};
constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kForbidden = 403;
constexpr int kUnavailable = 503;

}  // namespace

std::optional<Route> RouteOf(std::string_view path) {
  if (!path.starts_with(kPrefix)) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  const std::size_t end = path.find('/');
  if (end == std::string_view::npos) return Route{.server = path, .rest = {}};
  return Route{.server = path.substr(0, end), .rest = path.substr(end + 1)};
}

std::expected<std::unique_ptr<Worker>, std::string> Worker::Make(
    const Options& options, ServeShared& shared, std::shared_ptr<const ServeState> state) {
  auto loop = transport::EventLoop::Make();
  if (!loop) return std::unexpected(std::move(loop.error()));
  const std::shared_ptr<const ServeConfig> config = state->config;
  std::unique_ptr<Worker> worker(new Worker(options, shared, std::move(state), std::move(*loop)));
  if (!config->log_path.empty()) {
    auto log = DecisionLog::Open(
        {.path = config->log_path, .logs_argument_values = config->logs_argument_values});
    if (!log) return std::unexpected(std::move(log.error()));
    worker->log_.emplace(std::move(*log));
    worker->tools_.log = &*worker->log_;
  }
  transport::HttpServerOptions http;
  http.address = config->listen.address;
  http.port = options.port;
  http.shares_port = true;
  http.tls = options.tls;
  http.body_bytes_max = config->limits.body_bytes_max;
  http.connections_max =
      std::max<std::size_t>(config->limits.connections_max / shared.worker_count, 1);
  http.idle_timeout = milliseconds(config->limits.idle_ms);
  http.head_timeout = milliseconds(config->limits.head_ms);
  http.body_timeout = milliseconds(config->limits.body_ms);
  http.write_timeout = milliseconds(config->limits.write_ms);
  http.body_budget = shared.body_budget;
  auto server = transport::HttpServer::Listen(*worker->loop_, std::move(http), *worker);
  if (!server) return std::unexpected(std::move(server.error()));
  worker->http_ = std::move(*server);
  return worker;
}

Worker::Worker(const Options& options, ServeShared& shared, std::shared_ptr<const ServeState> state,
               std::unique_ptr<transport::EventLoop> loop)
    : shared_(shared),
      loop_(std::move(loop)),
      metrics_(shared.metrics.AddWorker()),
      tools_{.loop = *loop_,
             .clock = shared.clock,
             .log = nullptr,
             .say = [&shared](std::string_view line) { shared.say(std::string(line)); },
             .pass_errors = shared.pass_errors},
      policies_(shared.counters, shared.counter_place, shared.deny_all),
      servers_(shared, tools_, metrics_),
      site_{.shared = shared,
            .index = options.index,
            .tools = tools_,
            .metrics = metrics_,
            .policies = policies_,
            .servers = servers_,
            .state = std::move(state),
            .random = std::mt19937_64(std::random_device{}())},
      authenticator_(site_.state->access),
      legacy_(site_,
              [this](std::shared_ptr<transport::HttpExchange> exchange, std::uint16_t worker) {
                http_->Move(std::move(exchange), *shared_.workers[worker]->http_);
              }),
      stateless_(site_) {}

Worker::~Worker() {
  if (thread_.joinable()) {
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }
}

void Worker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Worker::Run() {
  loop_->set_end_of_turn([this] { EndOfTurn(); });
  KeepAlive();
  GiveUpLate();
  loop_->Run();
  // Children end with the thread that has started them, and so does all that refers to the loop.
  legacy_.EndAll();
  stateless_.EndAll();
  servers_.children().KillAll();
  EndOfTurn();
  has_ended_.store(true);
}

void Worker::Install(std::shared_ptr<const ServeState> state) {
  loop_->Post([this, state = std::move(state)] {
    site_.state = state;
    authenticator_.Install(state->access);
    servers_.Install(*state);
    legacy_.Install();
    stateless_.Install();
    policies_.Clean();
  });
}

void Worker::SetTls(std::shared_ptr<const transport::TlsServer> tls) {
  loop_->Post([this, tls = std::move(tls)] { http_->set_tls(tls); });
}

void Worker::Reap() {
  loop_->Post([this] { servers_.children().Reap(); });
}

void Worker::GiveUpLate() {
  legacy_.GiveUpLate();
  stateless_.GiveUpLate();
  loop_->After(kLateLook, [this] { GiveUpLate(); });
}

void Worker::KeepAlive() {
  legacy_.KeepAlive();
  stateless_.KeepAlive();
  policies_.Clean();
  const auto wait = milliseconds(site_.state->config->limits.keepalive_ms / kTicksPerKeepAlive);
  loop_->After(wait, [this] { KeepAlive(); });
}

void Worker::EndOfTurn() {
  if (!log_) return;
  const bool has_failed = !log_->Flush();
  if (has_failed == log_has_failed_) return;
  log_has_failed_ = has_failed;
  if (has_failed) metrics_.Count(Sum::LogFailures);
  tools_.say(has_failed ? log_->failure() + ": calls are denied until it can be written"
                        : "the decision log can be written again");
}

void Worker::Drain(milliseconds grace) {
  loop_->Post([this, grace] {
    if (std::exchange(is_draining_, true)) return;
    drained_by_ns_ =
        shared_.clock.MonotonicNanoseconds() + grace.count() * kNanosecondsPerMillisecond;
    http_->Drain([] {});
    legacy_.EndListening();
    LookWhetherDrained();
  });
}

void Worker::LookWhetherDrained() {
  const std::int64_t now_ns = shared_.clock.MonotonicNanoseconds();
  const bool has_calls = legacy_.has_calls_in_flight() || stateless_.has_calls_in_flight();
  if (!has_ended_calls_ && (!has_calls || now_ns >= drained_by_ns_)) {
    has_ended_calls_ = true;
    drained_by_ns_ = now_ns + kDrainRest.count() * kNanosecondsPerMillisecond;
    legacy_.EndAll();
    stateless_.EndAll();
  }
  if (has_ended_calls_) {
    const bool is_quiet = servers_.children().size() == 0 && http_->open_connections() == 0;
    if (is_quiet || now_ns >= drained_by_ns_) return loop_->Stop();
  }
  loop_->After(kDrainLook, [this] { LookWhetherDrained(); });
}

void Worker::Refuse(transport::HttpExchange& exchange, const HttpRefused& refused) {
  metrics_.CountRefusedRequest(refused.status);
  RespondText(exchange, refused.status, refused.text);
}

void Worker::OnRequest(std::shared_ptr<transport::HttpExchange> exchange) {
  metrics_.Count(Sum::Requests);
  const transport::HttpRequestHead& head = exchange->head();
  const ServeConfig& config = *site_.state->config;
  if (const auto refused = CheckSender(head, config)) return Refuse(*exchange, *refused);
  if (config.oauth && head.path.starts_with(kResourceMetadataPath)) {
    const auto document = ResourceMetadata(*config.oauth, head.path);
    if (document && head.method == "GET") return RespondJson(*exchange, 200, *document);
  }
  const auto route = RouteOf(head.path);
  if (!route) return Refuse(*exchange, {kNotFound, "servers are at /mcp/NAME"});
  auto asked = LetIn(std::move(exchange), route->server);
  if (!asked) return;
  if (is_draining_) return Refuse(*asked->exchange, {kUnavailable, "policyd is ending"});
  // A view of the head, which lives as long as the exchange.
  const std::string_view method = asked->exchange->head().method;
  if (route->rest == "sse" && method == "GET") return legacy_.GetSse(std::move(*asked));
  if (route->rest == "messages" && method == "POST") return legacy_.PostSse(std::move(*asked));
  if (!route->rest.empty()) return Refuse(*asked->exchange, {kNotFound, "there is nothing here"});
  if (method == "POST") return Post(std::move(*asked));
  if (method == "GET") return legacy_.Get(std::move(*asked));
  if (method == "DELETE") return legacy_.Delete(std::move(*asked));
  metrics_.CountRefusedRequest(kMethodNotAllowed);
  const HttpHeader allow{"Allow", "POST, GET, DELETE"};
  RespondText(*asked->exchange, kMethodNotAllowed, "this method is not for MCP", {&allow, 1});
}

std::optional<Asked> Worker::LetIn(std::shared_ptr<transport::HttpExchange> exchange,
                                   std::string_view server) {
  const transport::HttpRequestHead& head = exchange->head();
  std::vector<std::string_view> authorizations;
  for (const HttpHeader& header : head.headers.all()) {
    if (transport::SameHeaderText(header.name, "authorization")) {
      authorizations.push_back(header.value);
    }
  }
  Authenticated who =
      authenticator_.Authenticate({.authorizations = authorizations,
                                   .path = head.path,
                                   .address = exchange->peer().address,
                                   .is_loopback = exchange->peer().is_loopback,
                                   .certificate_subject = exchange->peer().certificate_subject,
                                   .certificate_sha256 = exchange->peer().certificate_sha256},
                                  shared_.clock.WallNanoseconds());
  if (const auto* refusal = std::get_if<AccessRefusal>(&who)) {
    metrics_.CountRefusedRequest(refusal->status);
    const HttpHeader challenge{"WWW-Authenticate", refusal->www_authenticate};
    const std::size_t count = refusal->www_authenticate.empty() ? 0 : 1;
    RespondText(*exchange, refusal->status, refusal->text, {&challenge, count});
    return std::nullopt;
  }
  Asked asked{.exchange = std::move(exchange), .who = std::move(std::get<Identity>(who))};
  const auto found = site_.state->config->servers.find(server);
  if (found == site_.state->config->servers.end()) {
    Refuse(*asked.exchange, {kNotFound, "there is no such server"});
    return std::nullopt;
  }
  asked.server = &found->second;
  if (!asked.who.grant->MayUse(server)) {
    Refuse(*asked.exchange, {kForbidden, "this grant is not for this server"});
    return std::nullopt;
  }
  if (const Disabled* const disabled =
          site_.state->access->disabled.FindSession(asked.who.grant->id, server)) {
    Refuse(*asked.exchange, {kForbidden, DisabledText(*disabled)});
    return std::nullopt;
  }
  return asked;
}

// Era and agreement of head and body come before anything else is believed of either.
void Worker::Post(Asked asked) {
  const transport::HttpRequestHead& head = asked.exchange->head();
  if (const auto refused = CheckContent(head)) return Refuse(*asked.exchange, *refused);
  const auto message = reader_.Read(asked.exchange->body(), nullptr);
  if (!message) {
    // In a session it is the relay that refuses it, as over stdio.
    if (head.headers.Find("mcp-session-id")) return legacy_.Post(std::move(asked), nullptr);
    const mcp::HttpRefusal refusal = mcp::HttpRefusalOf(message.error());
    LogRefused(asked, {}, refusal.text);
    return RespondJson(*asked.exchange, refusal.http_status,
                       mcp::ErrorText(message.error().id, refusal));
  }
  mcp::MirrorHeaders headers;
  for (const HttpHeader& header : head.headers.all()) headers.Add(header.name, header.value);
  const auto speech =
      mcp::CheckHeaders(headers, *message, servers_.marks(asked.server->name).Find(message->tool));
  if (!speech) {
    LogRefused(asked, message->method, speech.error().text);
    metrics_.CountRefusedRequest(speech.error().http_status);
    return RespondJson(*asked.exchange, speech.error().http_status,
                       mcp::ErrorText(message->id, speech.error()));
  }
  if (speech->era == mcp::Era::Modern) {
    const std::uint16_t home = HomeOf(asked);
    if (home != site_.index) {
      return http_->Move(std::move(asked.exchange), *shared_.workers[home]->http_);
    }
    return stateless_.Post(std::move(asked), *message, headers);
  }
  legacy_.Post(std::move(asked), &*message);
}

// Requests of one caller that share a session with the server are served by one worker. Others are
// where they came.
std::uint16_t Worker::HomeOf(const Asked& asked) const {
  if (asked.server->transport == UpstreamTransport::StreamableHttp) return site_.index;
  const SessionOwner owner = asked.owner();
  const std::string text = owner.server + '\n' + owner.grant + '\n' + owner.subject;
  return static_cast<std::uint16_t>(std::hash<std::string>{}(text) % shared_.workers.size());
}

void Worker::LogRefused(const Asked& asked, std::string_view method, std::string_view reason) {
  if (!log_) return;
  const std::string identity =
      LogIdentity({.server = asked.server->name, .session = {}, .grant = asked.who.grant->id});
  log_->Append({.now_ns = shared_.clock.WallNanoseconds(),
                .identity = identity,
                .method = method,
                .tool = {},
                .arguments = {},
                .decision = "refused",
                .reason = reason,
                .policy = {},
                .program = nullptr,
                .taken = nullptr,
                .is_observed = false,
                .latency_ns = 0});
}

}  // namespace policy::gateway
