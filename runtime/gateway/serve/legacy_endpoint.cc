#include "runtime/gateway/serve/legacy_endpoint.h"

#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "policy/check.h"
#include "runtime/gateway/serve/http_answer.h"
#include "runtime/gateway/serve/request_checks.h"
#include "runtime/gateway/serve/sse_client.h"
#include "runtime/mcp/session.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr int kNotFound = 404;
constexpr int kUnavailable = 503;
constexpr int kTooMany = 429;
// Sessions that are remembered to have ended.
constexpr std::size_t kEndedMax = 16'384;
constexpr std::string_view kNoSession = "there is no such session: begin one with initialize";

std::uint64_t RandomNumber() {
  std::uint64_t number = 0;
  std::array<unsigned char, sizeof(number)> bytes{};
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

std::string NameOf(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

}  // namespace

struct LegacyEndpoint::Seat {
  Seat(WorkerSite& site, SessionOwner whose, Number named)
      : owner(std::move(whose)),
        number(named),
        use(site.shared.in_flight.Of(owner.grant)),
        gate(site.state, owner.server, owner.grant, use, site.metrics) {}

  SessionOwner owner;
  Number number;
  std::shared_ptr<GrantUse> use;
  ServeGate gate;
  std::shared_ptr<const ServeConfig> config;  // its session was begun under it
  std::unique_ptr<ServeSession> session;
  StreamableClient* client = nullptr;  // the session's; null where it is the next
  SseClient* sse = nullptr;
  std::int64_t used_ns = 0;  // monotonic: when the client was last heard of
};

LegacyEndpoint::LegacyEndpoint(WorkerSite& site, Move move) : site_(site), move_(std::move(move)) {}

LegacyEndpoint::~LegacyEndpoint() { EndAll(); }

void LegacyEndpoint::Touch(Seat& seat, const Asked& asked) {
  seat.used_ns = site_.tools.clock.MonotonicNanoseconds();
  seat.session->relay().SetCaller(CallerOf(asked, {}));
}

void LegacyEndpoint::Post(Asked asked, const mcp::Message* message) {
  const bool has_session = asked.exchange->head().headers.Find("mcp-session-id").has_value();
  if (const auto refused = CheckAccept(asked.exchange->head(), {.json = true, .events = true})) {
    return RespondError(*asked.exchange, refused->status, mcp::kInvalidRequestCode, refused->text);
  }
  if (!has_session) {
    const bool begins = message != nullptr && message->kind == mcp::MessageKind::Request &&
                        message->method == "initialize";
    if (!begins) {
      return RespondError(*asked.exchange, 400, mcp::kInvalidRequestCode,
                          "Mcp-Session-Id is missing: a session begins with initialize");
    }
    Seat* const seat = Begin(asked, RandomNumber(), Kind::Streamable);
    if (seat == nullptr) return;
    Touch(*seat, asked);
    return Give(*seat, std::move(asked));
  }
  Seat* const seat = FindStreamable(asked);
  if (seat == nullptr) return;
  Touch(*seat, asked);
  if (seat->session->server().is_full()) {
    return RespondText(*asked.exchange, kUnavailable, "the server reads too slowly");
  }
  Give(*seat, std::move(asked));
}

void LegacyEndpoint::Give(Seat& seat, Asked asked) {
  ServerSide& server = seat.session->server();
  const bool has_headers = asked.server->transport == UpstreamTransport::StreamableHttp;
  if (has_headers) server.SetHeaders(TraceHeaders(site_, asked.exchange->head()));
  seat.client->Post(std::move(asked.exchange));
  server.SetHeaders({});  // what was not sent has none
}

void LegacyEndpoint::Get(Asked asked) {
  if (const auto refused = CheckAccept(asked.exchange->head(), {.json = false, .events = true})) {
    return RespondText(*asked.exchange, refused->status, refused->text);
  }
  if (!asked.exchange->head().headers.Find("mcp-session-id")) {
    return RespondText(*asked.exchange, 400, "Mcp-Session-Id is missing");
  }
  Seat* const seat = FindStreamable(asked);
  if (seat == nullptr) return;
  Touch(*seat, asked);
  const auto last_event = asked.exchange->head().headers.Find("last-event-id");
  seat->client->Get(asked.exchange, last_event.value_or(""));
  seat->session->server().ClientListens();
}

void LegacyEndpoint::Delete(Asked asked) {
  if (!asked.exchange->head().headers.Find("mcp-session-id")) {
    return RespondText(*asked.exchange, 400, "Mcp-Session-Id is missing");
  }
  Seat* const seat = FindStreamable(asked);
  if (seat == nullptr) return;
  seat->session->End(kNotFound, kNoSession);
  asked.exchange->Respond(200, {}, {});
}

LegacyEndpoint::Seat* LegacyEndpoint::FindStreamable(Asked& asked) {
  const transport::HttpHeaders& headers = asked.exchange->head().headers;
  const bool is_one = headers.Count("mcp-session-id") == 1;
  return Find(asked, is_one ? *headers.Find("mcp-session-id") : "", Kind::Streamable);
}

LegacyEndpoint::Seat* LegacyEndpoint::Find(Asked& asked, std::string_view id, Kind kind) {
  const auto ticket = site_.shared.seal.Open(id, asked.owner());
  if (!ticket) {
    RespondText(*asked.exchange, kNotFound, kNoSession);
    return nullptr;
  }
  const auto home = static_cast<std::uint16_t>(ticket->worker % site_.shared.workers.size());
  if (home != site_.index) {
    move_(std::move(asked.exchange), home);
    return nullptr;
  }
  const auto found = seats_.find(ticket->number);
  if (found != seats_.end() && !found->second->session->is_over()) {
    const bool is_meant = (found->second->sse != nullptr) == (kind == Kind::Sse);
    if (is_meant) return found->second.get();
  }
  // Ids that another process can open say how to go on; what ended here has ended.
  const bool may_go_on = kind == Kind::Streamable && found == seats_.end() &&
                         !ended_.contains(ticket->number) &&
                         !site_.state->config->session_key_path.empty();
  if (may_go_on && !ticket->resumption.empty()) return TakeUp(asked, *ticket, id);
  RespondText(*asked.exchange, kNotFound, kNoSession);
  return nullptr;
}

LegacyEndpoint::Seat* LegacyEndpoint::Begin(const Asked& asked, Number number, Kind kind) {
  const ServeLimits& limits = site_.state->config->limits;
  auto seat = std::make_unique<Seat>(site_, asked.owner(), number);
  seat->config = site_.state->config;
  const auto version = site_.policies.Find(*site_.state, *asked.who.grant, asked.server->name);
  if (!version) {
    site_.tools.say("server `" + asked.server->name + "`: " + version.error());
    RespondText(*asked.exchange, kUnavailable, "the policy of this server cannot be put in force");
    return nullptr;
  }
  if (!GrantUse::Take(seat->use->sessions, limits.sessions_per_grant_max)) {
    RespondText(*asked.exchange, kTooMany, "this grant has too many sessions");
    return nullptr;
  }
  if (!GrantUse::Take(site_.shared.sessions, limits.sessions_max)) {
    seat->use->sessions.fetch_sub(1);
    RespondText(*asked.exchange, kUnavailable, "there are too many sessions");
    return nullptr;
  }
  site_.metrics.Count(Sum::Sessions);
  // From here on the end of the session gives its place back.
  Seat& begun = *(seats_[number] = std::move(seat));
  begun.session = std::make_unique<ServeSession>(
      RelayOptions{.caller = CallerOf(asked, NameOf(number)),
                   .passed_methods = site_.state->config->passed_methods,
                   .gate = &begun.gate,
                   .observes = site_.state->config->observes},
      *version, site_.tools,
      ServeSession::Callbacks{.on_over = [this, number] { Drop(number); },
                              .on_idle = [this, number] { DropUnlessBegun(number); },
                              .on_listed = {}});
  auto server = site_.servers.Connect(*site_.state, *asked.server, HttpServerSide::Era::Legacy,
                                      *begun.session);
  if (!server) {
    RespondText(*asked.exchange, server.error().status, server.error().text);
    begun.session->End(kNotFound, kNoSession);
    Drop(number);
    return nullptr;
  }
  ServerSide* const server_side = server->get();
  auto client = MakeClient(begun, kind, *server_side);
  begun.session->Connect(std::move(client), std::move(*server));
  return &begun;
}

std::unique_ptr<ClientSide> LegacyEndpoint::MakeClient(Seat& seat, Kind kind, ServerSide& server) {
  if (kind == Kind::Sse) {
    auto client = std::make_unique<SseClient>(seat.session->relay());
    seat.sse = client.get();
    return client;
  }
  const ServeLimits& limits = site_.state->config->limits;
  auto client = std::make_unique<StreamableClient>(
      seat.session->relay(),
      StreamableClient::Options{
          .replay_events_max = limits.replay_events_max,
          .replay_bytes_max = limits.replay_bytes_max,
          .make_session_id = [this, &seat, &server] {
            return site_.shared.seal.Seal(
                {.number = seat.number, .worker = site_.index, .resumption = server.resumption()},
                seat.owner);
          }});
  seat.client = client.get();
  return client;
}

void LegacyEndpoint::GetSse(Asked asked) {
  if (const auto refused = CheckAccept(asked.exchange->head(), {.json = false, .events = true})) {
    return RespondText(*asked.exchange, refused->status, refused->text);
  }
  Seat* const seat = Begin(asked, RandomNumber(), Kind::Sse);
  if (seat == nullptr) return;
  Touch(*seat, asked);
  const std::string id = site_.shared.seal.Seal(
      {.number = seat->number, .worker = site_.index, .resumption = {}}, seat->owner);
  asked.exchange->set_on_closed([this, number = seat->number, is_alive = std::weak_ptr(is_alive_)] {
    if (is_alive.expired()) return;
    const auto found = seats_.find(number);
    if (found != seats_.end()) found->second->session->End(kNotFound, kNoSession);
  });
  seat->sse->Open(std::move(asked.exchange),
                  "/mcp/" + asked.server->name + "/messages?session=" + id);
  seat->session->server().ClientListens();
}

void LegacyEndpoint::PostSse(Asked asked) {
  constexpr std::string_view kParameter = "session=";
  const std::string_view query = asked.exchange->head().query;
  if (const auto refused = CheckContent(asked.exchange->head())) {
    return RespondText(*asked.exchange, refused->status, refused->text);
  }
  const std::string_view id =
      query.starts_with(kParameter) ? query.substr(kParameter.size()) : std::string_view();
  Seat* const seat = Find(asked, id, Kind::Sse);
  if (seat == nullptr) return;
  Touch(*seat, asked);
  if (seat->session->server().is_full()) {
    return RespondText(*asked.exchange, kUnavailable, "the server reads too slowly");
  }
  // The answer comes on the stream.
  seat->session->relay().ClientLine(asked.exchange->body());
  asked.exchange->Respond(202, {}, {});
}

// Another process began this session, or this one before it was started anew. The server has it
// still, or will say that it has not.
LegacyEndpoint::Seat* LegacyEndpoint::TakeUp(const Asked& asked, const SessionTicket& ticket,
                                             std::string_view id) {
  if (asked.server->transport != UpstreamTransport::StreamableHttp) {
    RespondText(*asked.exchange, kNotFound, kNoSession);
    return nullptr;
  }
  Seat* const seat = Begin(asked, ticket.number, Kind::Streamable);
  if (seat == nullptr) return nullptr;
  auto& server = static_cast<HttpServerSide&>(seat->session->server());
  if (!server.TakeUp(ticket.resumption)) {
    RespondText(*asked.exchange, kNotFound, kNoSession);
    seat->session->End(kNotFound, kNoSession);
    return nullptr;
  }
  seat->client->TakeUp(std::string(id), server.protocol_version());
  return seat;
}

// Its relay is what is calling, most often: it is dropped in a coming turn.
void LegacyEndpoint::Drop(Number number) {
  site_.tools.loop.Post([this, number, is_alive = std::weak_ptr(is_alive_)] {
    if (is_alive.expired()) return;
    const auto found = seats_.find(number);
    if (found == seats_.end()) return;
    ended_.insert(number);
    ended_in_turn_.push_back(number);
    if (ended_in_turn_.size() > kEndedMax) {
      ended_.erase(ended_in_turn_.front());
      ended_in_turn_.pop_front();
    }
    found->second->use->sessions.fetch_sub(1, std::memory_order_relaxed);
    site_.shared.sessions.fetch_sub(1, std::memory_order_relaxed);
    site_.metrics.Count(Sum::Sessions, -1);
    seats_.erase(found);
  });
}

// What did not become a session when initialize was answered is nothing to keep.
void LegacyEndpoint::DropUnlessBegun(Number number) {
  const auto never_began = [this, number] {
    const auto found = seats_.find(number);
    return found != seats_.end() && found->second->client != nullptr &&
           !found->second->client->is_initialized();
  };
  if (!never_began()) return;
  site_.tools.loop.Post([this, number, never_began, is_alive = std::weak_ptr(is_alive_)] {
    if (!is_alive.expired() && never_began()) {
      seats_.find(number)->second->session->End(kNotFound, kNoSession);
    }
  });
}

void LegacyEndpoint::Install() {
  for (const auto& [number, seat] : seats_) {
    if (seat->session->is_over()) continue;
    const auto grant = site_.state->access->grants.Find(seat->owner.grant);
    const ServeConfig& config = *site_.state->config;
    const bool is_served = config.servers.contains(seat->owner.server);
    // A session has these from its beginning: under others it begins anew.
    const bool is_same = seat->config->observes == config.observes &&
                         seat->config->passed_methods == config.passed_methods;
    if (grant == nullptr || grant->is_revoked() || !is_served || !is_same ||
        !grant->MayUse(seat->owner.server)) {
      seat->session->End(kNotFound, kNoSession);
      continue;
    }
    const auto version = site_.policies.Find(*site_.state, *grant, seat->owner.server);
    if (!version) {
      site_.tools.say("server `" + seat->owner.server + "`: " + version.error());
      seat->session->End(kUnavailable, "the policy of this server cannot be put in force");
    } else if (&seat->session->relay().policy() != version->get()) {
      seat->session->relay().Install(*version);
    }
  }
}

void LegacyEndpoint::KeepAlive() {
  const std::int64_t now_ns = site_.tools.clock.MonotonicNanoseconds();
  const auto idle_ns = static_cast<std::int64_t>(site_.state->config->limits.session_idle_ms) *
                       kNanosecondsPerMillisecond;
  for (const auto& [number, seat] : seats_) {
    if (seat->session->is_over()) continue;
    seat->session->client().KeepAlive();
    const bool is_listening = seat->sse != nullptr || seat->client->is_listening();
    const bool is_used = is_listening || seat->session->relay().has_requests_in_flight();
    if (is_used) seat->used_ns = now_ns;
    if (now_ns - seat->used_ns > idle_ns) seat->session->End(kNotFound, kNoSession);
  }
}

void LegacyEndpoint::GiveUpLate() {
  for (const auto& [number, seat] : seats_) {
    const auto server = site_.state->config->servers.find(seat->owner.server);
    if (server == site_.state->config->servers.end()) continue;
    seat->session->GiveUpLate(server->second.timeouts);
  }
}

void LegacyEndpoint::EndListening() {
  for (const auto& [number, seat] : seats_) {
    if (!seat->session->is_over() && seat->client != nullptr) seat->client->EndListening();
  }
}

void LegacyEndpoint::EndAll() {
  for (const auto& [number, seat] : seats_) {
    seat->session->End(kUnavailable, "policyd is ending");
  }
}

bool LegacyEndpoint::has_calls_in_flight() const {
  for (const auto& [number, seat] : seats_) {
    if (!seat->session->is_over() && seat->session->relay().has_requests_in_flight()) return true;
  }
  return false;
}

}  // namespace policy::gateway
