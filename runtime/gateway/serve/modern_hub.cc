#include "runtime/gateway/serve/modern_hub.h"

#include <utility>

#include "runtime/gateway/answer.h"
#include "runtime/mcp/session.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

}  // namespace

// What one stateless request, and then the next, has for a server.
class ModernHub::Side final : public ServerSide {
 public:
  Side(std::shared_ptr<ModernHub> hub, ServerListener& its_listener)
      : listener(&its_listener), hub_(std::move(hub)) {}
  ~Side() override { End(); }

  void Send(std::string_view bytes, Regarding regarding) override {
    if (hub_ != nullptr) hub_->FromClient(*this, bytes, regarding.sequence);
  }
  bool TakeBack(std::uint64_t) override { return false; }
  bool is_full() const override {
    return hub_ != nullptr && !hub_->is_over() && hub_->server_->is_full();
  }
  void Forget(std::uint64_t sequence) override {
    if (hub_ != nullptr) hub_->Leave(*this, sequence);
  }
  void End() override {
    listener = nullptr;
    if (const auto hub = std::exchange(hub_, nullptr)) hub->LeaveAll(*this);
  }

  ServerListener* listener;  // null: it has ended

 private:
  std::shared_ptr<ModernHub> hub_;
};

ModernHub::ModernHub(Options options, ServeTools& tools)
    : options_(std::move(options)),
      tools_(tools),
      bridge_({.seal = {.seal =
                            [this](std::string_view text) {
                              return options_.seal.Seal(
                                  {.number = 0, .worker = 0, .resumption = std::string(text)},
                                  options_.owner);
                            },
                        .unseal = [this](std::string_view text) -> std::optional<std::string> {
                          auto ticket = options_.seal.Open(text, options_.owner);
                          if (!ticket || ticket->number != 0) return std::nullopt;
                          return std::move(ticket->resumption);
                        }}}) {
  used_ms_ = began_ms_ = now_ms();
}

std::int64_t ModernHub::now_ms() const {
  return tools_.clock.MonotonicNanoseconds() / kNanosecondsPerMillisecond;
}

void ModernHub::Start(std::unique_ptr<ServerSide> server) {
  server_ = std::move(server);
  DeliverLater(bridge_.Start());
}

std::unique_ptr<ServerSide> ModernHub::MakeSide(ServerListener& listener) {
  return std::make_unique<Side>(shared_from_this(), listener);
}

std::int64_t ModernHub::idle_ms(std::int64_t now_ms) const {
  return askers_.empty() && bridge_.open_calls() == 0 ? now_ms - used_ms_ : 0;
}

void ModernHub::FromClient(Side& side, std::string_view bytes, std::uint64_t sequence) {
  used_ms_ = now_ms();
  const mcp::AskerId asker = next_asker_++;
  if (sequence != 0) askers_[asker] = {&side, sequence};
  if (is_over()) {
    tools_.loop.Post([hub = weak_from_this(), asker] {
      const auto alive = hub.lock();
      if (alive == nullptr) return;
      const auto found = alive->askers_.find(asker);
      if (found == alive->askers_.end()) return;
      const Asker lost = found->second;
      alive->askers_.erase(found);
      if (lost.side->listener == nullptr) return;
      lost.side->listener->OnRequestLost({.sequence = lost.sequence,
                                          .text = "the server has ended",
                                          .was_sent = false,
                                          .status = 0});
    });
    return;
  }
  const auto message = client_reader_.Read(bytes, nullptr);
  if (!message) return;  // it was readable before
  DeliverLater(bridge_.FromClient(asker, *message));
}

void ModernHub::Leave(Side& side, std::uint64_t sequence) {
  for (auto asker = askers_.begin(); asker != askers_.end(); ++asker) {
    if (asker->second.side != &side || asker->second.sequence != sequence) continue;
    const mcp::AskerId left = asker->first;
    askers_.erase(asker);
    if (!is_over()) DeliverLater(bridge_.Leave(left));
    return;
  }
}

void ModernHub::LeaveAll(Side& side) {
  std::vector<std::uint64_t> sequences;
  for (const auto& [asker, who] : askers_) {
    if (who.side == &side) sequences.push_back(who.sequence);
  }
  for (const std::uint64_t sequence : sequences) Leave(side, sequence);
}

// To the server at once; to clients when whoever is calling has returned.
void ModernHub::DeliverLater(mcp::BridgedMessages messages) {
  mcp::BridgedMessages to_clients;
  for (mcp::Bridged& message : messages) {
    if (message.to == mcp::Bridged::To::Client) {
      to_clients.push_back(std::move(message));
    } else if (!is_over()) {
      server_->Send(message.bytes, {.said = Said::Notification, .sequence = 0});
    }
  }
  if (to_clients.empty()) return;
  tools_.loop.Post([hub = weak_from_this(), to_clients = std::move(to_clients)] {
    if (const auto alive = hub.lock()) alive->Deliver(to_clients);
  });
}

void ModernHub::Deliver(mcp::BridgedMessages messages) {
  const auto kept = weak_from_this().lock();  // a listener may drop its side, and with it the hub
  for (const mcp::Bridged& message : messages) {
    if (message.to == mcp::Bridged::To::Server) {
      if (!is_over()) server_->Send(message.bytes, {.said = Said::Notification, .sequence = 0});
      continue;
    }
    const auto found = askers_.find(message.asker);
    if (found == askers_.end()) continue;
    const Asker asker = found->second;
    if (message.is_answer) askers_.erase(found);
    if (asker.side->listener == nullptr) continue;
    asker.side->listener->OnServerMessage(message.bytes,
                                          {.sequence = asker.sequence, .status = 200});
  }
}

void ModernHub::OnServerMessage(std::string_view bytes, From from) {
  if (is_over()) return;
  used_ms_ = now_ms();
  const auto message = server_reader_.Read(bytes, nullptr);
  if (message) {
    const auto related = askers_.contains(from.sequence) ? from.sequence : 0;
    return Deliver(bridge_.FromServer(*message, related));
  }
  const mcp::Refusal& refusal = message.error();
  tools_.say("refused a message of the server: " + refusal.reason);
  if (!refusal.is_response || refusal.id.empty()) return;
  // Whoever waits for it is told so.
  std::string error;
  AppendError(error, refusal.id, mcp::kUnreadableAnswerCode,
              "the server's answer was refused: " + refusal.reason);
  const auto told = server_reader_.Read(error, nullptr);
  if (told) Deliver(bridge_.FromServer(*told, 0));
}

void ModernHub::OnServerMessageTooLong(std::uint64_t) {
  tools_.say("skipped a line of the server that is too long");
}

void ModernHub::OnRequestLost(const LostRequest& lost) { tools_.say(lost.text); }

void ModernHub::OnServerEnded(std::string_view why) { End(why); }

void ModernHub::Tick(std::int64_t now_ms) {
  if (is_over()) return;
  if (!bridge_.is_ready() && now_ms - began_ms_ > options_.start_ms) {
    return End("the server has not answered initialize in time");
  }
  Deliver(bridge_.Tick(now_ms));
}

void ModernHub::End(std::string_view why) {
  if (is_over()) return;
  const auto kept = weak_from_this().lock();
  const std::string text(why);
  const std::unique_ptr<ServerSide> server = std::move(server_);
  server->End();
  const auto askers = std::exchange(askers_, {});
  for (const auto& [asker, who] : askers) {
    if (who.side->listener == nullptr) continue;
    who.side->listener->OnRequestLost(
        {.sequence = who.sequence, .text = text, .was_sent = true, .status = 0});
  }
}

}  // namespace policy::gateway
