#include "runtime/gateway/serve/stateless_endpoint.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/gateway/serve/http_answer.h"
#include "runtime/gateway/serve/request_checks.h"
#include "runtime/mcp/session.h"

namespace policy::gateway {
namespace {

constexpr int kForbidden = 403;
constexpr int kUnavailable = 503;
constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
// Kept ready of one owner; a burst has more, which end with it.
constexpr std::size_t kIdleSeatsMax = 64;

// Counters of a session that there is not: who calls, and on whose behalf.
std::string SessionOf(const SessionOwner& owner) { return owner.grant + "\x1F" + owner.subject; }

}  // namespace

struct StatelessEndpoint::Seat {
  Seat(WorkerSite& site, const SessionOwner& whose, std::uint64_t its_number)
      : number(its_number),
        owner{whose.server, whose.grant, whose.subject},
        gate(site.state, whose.server, whose.grant, site.shared.in_flight.Of(whose.grant),
             site.metrics) {}

  std::uint64_t number;
  Owner owner;
  ServeGate gate;
  std::unique_ptr<ServeSession> session;
  StatelessClient* client = nullptr;  // the session's
  const ModernHub* hub = nullptr;     // that its server is; null: it has one of its own
  bool is_idle = false;
  bool was_used = false;  // since it was last looked at
  bool is_stale = false;  // made for a state that is in force no more
};

StatelessEndpoint::StatelessEndpoint(WorkerSite& site) : site_(site) {}

StatelessEndpoint::~StatelessEndpoint() { EndAll(); }

void StatelessEndpoint::Post(Asked asked, const mcp::Message& message,
                             const mcp::MirrorHeaders& headers) {
  if (const auto refused = CheckAccept(asked.exchange->head(), {.json = true, .events = true})) {
    return RespondError(*asked.exchange, refused->status, mcp::kInvalidRequestCode, refused->text);
  }
  Seat* const seat = Take(asked);
  if (seat == nullptr) return;
  if (seat->session->server().is_full()) {
    seat->is_idle = false;
    Idle(*seat);
    return RespondText(*asked.exchange, kUnavailable, "the server reads too slowly");
  }
  seat->session->relay().SetCaller(CallerOf(asked, {}));
  const auto marks = site_.servers.marks(asked.server->name).Find(message.tool);
  ServerSide::Headers sent = TraceHeaders(site_, asked.exchange->head());
  for (mcp::OwnedHeader& header :
       mcp::MirrorHeadersOf(message, message.protocol_version, marks, &headers)) {
    sent.emplace_back(std::move(header.name), std::move(header.value));
  }
  seat->session->server().SetHeaders(std::move(sent));
  seat->is_idle = false;
  seat->was_used = true;
  seat->client->Post(std::move(asked.exchange));
  // A call that waits for the store of its counters is sent later, and has them then.
  if (!seat->session->relay().has_parked_calls()) seat->session->server().SetHeaders({});
  // What was refused, or is no request, has ended already.
  if (!seat->is_idle && !seat->session->relay().has_requests_in_flight()) Idle(*seat);
}

StatelessEndpoint::Seat* StatelessEndpoint::Take(const Asked& asked) {
  const SessionOwner owner = asked.owner();
  std::vector<Seat*>& idle = idle_[{owner.server, owner.grant, owner.subject}];
  if (!idle.empty()) {
    Seat* const seat = idle.back();
    idle.pop_back();
    if (!HasLostServer(*seat)) return seat;
    // Made for a server that has ended.
    seat->is_stale = true;
    seat->is_idle = false;
    Idle(*seat);
    return Take(asked);
  }
  const auto version = site_.policies.Find(*site_.state, *asked.who.grant, owner.server);
  if (!version) {
    site_.tools.say("server `" + owner.server + "`: " + version.error());
    RespondText(*asked.exchange, kUnavailable, "the policy of this server cannot be put in force");
    return nullptr;
  }
  auto made = std::make_unique<Seat>(site_, owner, next_seat_++);
  Seat& seat = *made;
  seat.session = std::make_unique<ServeSession>(
      RelayOptions{.caller = CallerOf(asked, SessionOf(owner)),
                   .passed_methods = site_.state->config->passed_methods,
                   .gate = &seat.gate,
                   .observes = site_.state->config->observes},
      *version, site_.tools,
      ServeSession::Callbacks{.on_over = {},
                              .on_idle = [this, &seat] { Idle(seat); },
                              .on_listed =
                                  [this, server = owner.server](const mcp::Message& answer) {
                                    site_.servers.marks(server).Learn(answer);
                                  }});
  auto server = Connect(asked, *seat.session);
  if (!server) {
    RespondText(*asked.exchange, server.error().status, server.error().text);
    return nullptr;
  }
  if (asked.server->transport != UpstreamTransport::StreamableHttp) {
    seat.hub = hubs_.at(seat.owner).get();
  }
  ServerSide* const server_side = server->get();
  auto client = std::make_unique<StatelessClient>(
      seat.session->relay(),
      [server_side](std::uint64_t sequence) { server_side->Forget(sequence); });
  seat.client = client.get();
  seat.session->Connect(std::move(client), std::move(*server));
  seats_.push_back(std::move(made));
  return &seat;
}

// A server over HTTP speaks for itself, whichever era it is of. A child, or a server that has one
// stream for all that it says, has a session, which requests of one caller share.
std::expected<std::unique_ptr<ServerSide>, HttpRefused> StatelessEndpoint::Connect(
    const Asked& asked, ServerListener& listener) {
  if (asked.server->transport == UpstreamTransport::StreamableHttp) {
    return site_.servers.Connect(*site_.state, *asked.server, HttpServerSide::Era::Modern,
                                 listener);
  }
  const SessionOwner owner = asked.owner();
  std::shared_ptr<ModernHub>& hub = hubs_[{owner.server, owner.grant, owner.subject}];
  if (hub == nullptr || hub->is_over()) {
    auto made = std::make_shared<ModernHub>(
        ModernHub::Options{
            .seal = site_.shared.seal, .owner = owner, .start_ms = asked.server->timeouts.start_ms},
        site_.tools);
    auto server = site_.servers.Connect(*site_.state, *asked.server, HttpServerSide::Era::Legacy,
                                        made->listener());
    if (!server) return std::unexpected(server.error());
    made->Start(std::move(*server));
    hub = std::move(made);
  }
  return hub->MakeSide(listener);
}

// What is not kept is dropped in a coming turn: it is what is calling.
void StatelessEndpoint::Idle(Seat& seat) {
  if (std::exchange(seat.is_idle, true)) return;
  std::vector<Seat*>& idle = idle_[seat.owner];
  if (!seat.is_stale && !seat.client->is_spoiled() && idle.size() < kIdleSeatsMax) {
    idle.push_back(&seat);
    return;
  }
  site_.tools.loop.Post([this, is_alive = std::weak_ptr(is_alive_), number = seat.number] {
    if (is_alive.expired()) return;
    seats_.remove_if([number](const auto& other) { return other->number == number; });
  });
}

bool StatelessEndpoint::MayGoOn(const Owner& owner) const {
  const auto grant = site_.state->access->grants.Find(owner.grant);
  return grant != nullptr && !grant->is_revoked() && grant->MayUse(owner.server) &&
         site_.state->config->servers.contains(owner.server);
}

// Requests that are on their way go on under the policy that let them in, but not for a grant that
// is revoked: some listen for ever.
void StatelessEndpoint::Install() {
  for (const auto& [owner, idle] : idle_) {
    for (Seat* const seat : idle) seat->is_stale = true;
  }
  idle_.clear();
  seats_.remove_if([](const auto& seat) { return seat->is_idle; });
  for (const auto& seat : seats_) {
    seat->is_stale = true;
    if (!MayGoOn(seat->owner)) seat->session->End(kForbidden, "this grant ends here");
  }
  for (const auto& [owner, hub] : hubs_) {
    if (!MayGoOn(owner)) hub->End("the grant ends here");
  }
}

bool StatelessEndpoint::HasLostServer(const Seat& seat) const {
  const auto hub = hubs_.find(seat.owner);
  return hub != hubs_.end() && seat.hub != nullptr &&
         (seat.hub != hub->second.get() || seat.hub->is_over());
}

void StatelessEndpoint::KeepAlive() {
  const std::int64_t now_ms = site_.tools.clock.MonotonicNanoseconds() / kNanosecondsPerMillisecond;
  const auto idle_ms_max = static_cast<std::int64_t>(site_.state->config->limits.session_idle_ms);
  for (const auto& [owner, hub] : hubs_) {
    hub->Tick(now_ms);
    if (!hub->is_over() && hub->idle_ms(now_ms) > idle_ms_max) hub->End("nobody has asked it");
  }
  DropUnused();
  for (const auto& seat : seats_) {
    if (!seat->is_idle) seat->client->KeepAlive();
  }
}

void StatelessEndpoint::GiveUpLate() {
  for (const auto& seat : seats_) {
    if (seat->is_idle) continue;
    const auto server = site_.state->config->servers.find(seat->owner.server);
    if (server == site_.state->config->servers.end()) continue;
    seat->session->GiveUpLate(server->second.timeouts);
  }
}

// What callers of the last hour have left behind is not kept for ever.
void StatelessEndpoint::DropUnused() {
  std::erase_if(hubs_, [](const auto& entry) { return entry.second->is_over(); });
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    for (Seat* const seat : entry->second) seat->is_stale = !std::exchange(seat->was_used, false);
    std::erase_if(entry->second, [](const Seat* seat) { return seat->is_stale; });
    entry = entry->second.empty() ? idle_.erase(entry) : std::next(entry);
  }
  seats_.remove_if([](const auto& seat) { return seat->is_idle && seat->is_stale; });
}

void StatelessEndpoint::EndAll() {
  for (const auto& seat : seats_) {
    if (!seat->is_idle) seat->session->End(kUnavailable, "policyd is ending");
  }
  for (const auto& [owner, hub] : hubs_) hub->End("policyd is ending");
}

bool StatelessEndpoint::has_calls_in_flight() const {
  for (const auto& seat : seats_) {
    if (!seat->is_idle && seat->session->relay().has_requests_in_flight()) return true;
  }
  return false;
}

}  // namespace policy::gateway
