#include "runtime/gateway/serve/serve_session.h"

#include <utility>
#include <vector>

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
// It lasts as long as its client listens.
constexpr std::string_view kListenMethod = "subscriptions/listen";
constexpr int kOk = 200;
constexpr int kNotFound = 404;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kBadGateway = 502;

// A server's word on who may ask it is for policyd, whose credential it got, not for the client:
// there it would begin a login that leads nowhere.
int StatusForClient(int status) {
  return status == kUnauthorized || status == kForbidden || status >= 500 ? kBadGateway : status;
}

}  // namespace

ServeSession::ServeSession(RelayOptions options, std::shared_ptr<PolicyVersion> policy,
                           ServeTools& tools, Callbacks callbacks)
    : tools_(tools),
      callbacks_(std::move(callbacks)),
      relay_(std::move(options), std::move(policy), *this, tools.loop, tools.clock, tools.log,
             [this](std::string_view line) {
               tools_.say("[" + relay_.caller().server + " " + relay_.caller().grant + "] " +
                          std::string(line));
             }) {}

void ServeSession::Connect(std::unique_ptr<ClientSide> client, std::unique_ptr<ServerSide> server) {
  client_ = std::move(client);
  server_ = std::move(server);
}

void ServeSession::End(int status, std::string_view text) {
  if (std::exchange(is_over_, true)) return;
  if (client_ == nullptr) return;  // it never began
  // First the status, which needs an answer that has not begun; then what is in flight is settled.
  if (status != 0) client_->End(status, text);
  relay_.ServerGone();
  client_->End(status == 0 ? kNotFound : status, text);
  server_->End();
  if (callbacks_.on_over) callbacks_.on_over();
}

void ServeSession::ToClient(std::string_view bytes, Regarding regarding) {
  // Over stdio nobody says which request a word is about: it shows that the server is at work.
  if (regarding.said != Said::Response && !waiting_.empty()) {
    const std::int64_t now_ns = tools_.clock.MonotonicNanoseconds();
    for (auto& [sequence, waiting] : waiting_) {
      if (regarding.sequence == 0 || regarding.sequence == sequence) waiting.heard_ns = now_ns;
    }
  }
  client_->Send(bytes, regarding);
}

void ServeSession::ToServer(std::string_view bytes, Regarding regarding) {
  server_->Send(bytes, regarding);
}

void ServeSession::Began(std::uint64_t sequence, const mcp::Message& request) {
  if (request.method != kListenMethod) {
    waiting_[sequence] = {.id = std::string(request.id),
                          .heard_ns = tools_.clock.MonotonicNanoseconds(),
                          .is_initialize = request.method == "initialize"};
  }
  client_->Began(sequence, request);
}

void ServeSession::GiveUpLate(const UpstreamTimeouts& timeouts) {
  if (is_over_ || (waiting_.empty() && left_.empty())) return;
  const std::int64_t now_ns = tools_.clock.MonotonicNanoseconds();
  // Servers do not answer what was cancelled: its place among the calls at once is given back when
  // an answer would have come too late.
  std::vector<std::uint64_t> over;
  for (const auto& [sequence, since_ns] : left_) {
    if ((now_ns - since_ns) / kNanosecondsPerMillisecond > timeouts.call_ms) {
      over.push_back(sequence);
    }
  }
  for (const std::uint64_t sequence : over) {
    left_.erase(sequence);
    relay_.RequestFailed(sequence, {.text = {}, .was_sent = true});
  }
  const auto limit_ms = [&timeouts](const Waiting& waiting) -> std::int64_t {
    return waiting.is_initialize ? timeouts.start_ms : timeouts.call_ms;
  };
  std::vector<std::pair<std::uint64_t, Waiting>> late;
  for (const auto& [sequence, waiting] : waiting_) {
    const std::int64_t waited_ms = (now_ns - waiting.heard_ns) / kNanosecondsPerMillisecond;
    if (waited_ms > limit_ms(waiting)) late.emplace_back(sequence, waiting);
  }
  for (const auto& [sequence, waiting] : late) {
    const std::string text = "no answer within " + std::to_string(limit_ms(waiting)) + " ms";
    // An initialize cannot be cancelled: its session ends without it.
    if (!waiting.is_initialize) {
      server_->Send(
          R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
              waiting.id + R"(,"reason":")" + text + "\"}}",
          {.said = Said::Notification, .sequence = sequence});
    }
    relay_.RequestFailed(sequence, {.text = text, .was_sent = true});
    server_->Forget(sequence);
  }
}

void ServeSession::Ended(std::uint64_t sequence) {
  waiting_.erase(sequence);
  left_.erase(sequence);
  client_->Ended(sequence);
  server_->Ended(sequence);
  if (!relay_.has_requests_in_flight() && callbacks_.on_idle) callbacks_.on_idle();
}

void ServeSession::Left(std::uint64_t sequence) {
  left_[sequence] = tools_.clock.MonotonicNanoseconds();
}

void ServeSession::OnServerMessage(std::string_view bytes, From from) {
  if (is_over_) return;
  client_->set_answer_status(from.status);
  relay_.ServerLine(bytes, from.sequence);
  client_->set_answer_status(kOk);
}

void ServeSession::OnServerMessageTooLong(std::uint64_t sequence) {
  if (!is_over_) relay_.ServerLineTooLong(sequence);
}

void ServeSession::OnRequestLost(const LostRequest& lost) {
  if (is_over_) return;
  // What the server said by a status the client is told by one; what it never got, by a message.
  if (lost.status != 0) client_->Fail(lost.sequence, StatusForClient(lost.status), lost.text);
  relay_.RequestFailed(lost.sequence, {.text = lost.text, .was_sent = lost.was_sent});
}

void ServeSession::OnStreamPaused(std::uint64_t sequence, std::string_view retry_ms) {
  if (!is_over_) client_->Pause(sequence, retry_ms);
}

void ServeSession::OnServerEnded(std::string_view why) {
  if (is_over_) return;
  tools_.say("[" + relay_.caller().server + " " + relay_.caller().grant + "] " + std::string(why));
  End(0, why);
}

}  // namespace policy::gateway
