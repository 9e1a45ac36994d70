#include "runtime/mcp/session.h"

#include "runtime/mcp/record_text.h"

namespace policy::mcp {
namespace {

// Methods come from outside; a text for people shows no more of one than this.
constexpr std::size_t kShownMethodBytesMax = 128;

std::string Quoted(std::string_view method) {
  std::string quoted = "`";
  for (const char c : method.substr(0, kShownMethodBytesMax)) {
    quoted.push_back(c >= ' ' && c < '\x7F' ? c : '?');
  }
  return quoted + (method.size() > kShownMethodBytesMax ? "…`" : "`");
}

// Who listens for resources subscribes to them, which a legacy server is told by a request of its
// own: what forbids the one forbids the other.
std::string_view JudgedMethod(const Message& message) {
  if (message.method != "subscriptions/listen") return message.method;
  const std::string_view uris =
      MemberOf(MemberOf(message.params, "notifications"), "resourceSubscriptions");
  return uris.empty() || uris == "[]" ? message.method : "resources/subscribe";
}

Action Answer(int code, std::string text) {
  return {.step = Step::Answer, .code = code, .text = std::move(text)};
}

Action Drop(std::string text) { return {.step = Step::Drop, .text = std::move(text)}; }

Action Forward(std::optional<ExchangeId> exchange = std::nullopt) {
  return {.step = Step::Forward, .exchange = exchange};
}

Action AnswerToAdd(ExchangeTable::AddError error) {
  if (error == ExchangeTable::AddError::InFlight) {
    return Answer(kInvalidRequestCode, "a request with this id is in flight already");
  }
  return Answer(kTooManyRequestsCode,
                "too many requests in flight (" + std::to_string(kExchangesMax) + ")");
}

}  // namespace

Action Session::FromClient(const Message& message) {
  switch (message.kind) {
    case MessageKind::Request:
      return RequestFromClient(message);
    case MessageKind::Notification:
      if (message.method == "notifications/cancelled") return CancellationFromClient(message);
      if (message.method.starts_with("notifications/")) return Forward();
      return Drop("notification " + Quoted(message.method) + " is not one of notifications/*");
    case MessageKind::Response:
      break;
  }
  const auto asked = server_.Find(message.id);
  if (!asked) return Drop("the client answers a request that the server has not sent");
  server_.Remove(*asked);
  return Forward();
}

Action Session::RequestFromClient(const Message& message) {
  const MethodPolicy::Verdict verdict = methods_.Judge(JudgedMethod(message));
  if (verdict == MethodPolicy::Verdict::Unknown) {
    return Answer(kMethodNotFoundCode, "method " + Quoted(message.method) + " is not passed");
  }
  if (verdict == MethodPolicy::Verdict::Denied) {
    return Answer(kDeniedMethodCode, "[POLICY DENIED] " + Quoted(message.method) +
                                         " is not permitted: the policy denies by default");
  }
  const bool is_call = verdict == MethodPolicy::Verdict::Decide;
  // INVARIANT: what the reader calls a call of a tool and what the method policy does are the same.
  if (is_call != message.is_tools_call) return Answer(kInvalidRequestCode, "not a readable call");
  const auto added = client_.Add(message.id, is_call ? ExchangeState::Held : ExchangeState::Sent);
  if (!added) return AnswerToAdd(added.error());
  Exchange& exchange = client_.at(*added);
  exchange.is_tools_call = is_call;
  exchange.is_initialize = message.method == "initialize";
  return {.step = is_call ? Step::Decide : Step::Forward, .exchange = *added};
}

Action Session::CancellationFromClient(const Message& message) {
  if (message.request_id.empty()) return Forward();
  const auto request = client_.Find(message.request_id);
  // The answer has crossed it, or the request was denied and never sent: the server knows of none.
  if (!request) return Drop("the client cancels a request that is not in flight");
  if (client_.at(*request).state == ExchangeState::Cancelled) return Forward();
  return {.step = Step::Cancel, .exchange = *request};
}

Action Session::FromServer(const Message& message) {
  switch (message.kind) {
    case MessageKind::Request: {
      const auto added = server_.Add(message.id, ExchangeState::Sent);
      return added ? Forward(*added) : AnswerToAdd(added.error());
    }
    case MessageKind::Notification: {
      if (message.method != "notifications/cancelled" || message.request_id.empty()) {
        return Forward();
      }
      const auto request = server_.Find(message.request_id);
      if (request && server_.at(*request).state == ExchangeState::Sent) {
        if (const auto oldest = server_.Cancel(*request)) server_.Remove(*oldest);
      }
      return Forward();
    }
    case MessageKind::Response:
      break;
  }
  if (message.id.empty() || message.id == "null") {
    // An error about something that the server could not read: it answers no request.
    return message.result.empty() ? Forward() : Drop("a result from the server without an id");
  }
  const auto asked = client_.Find(message.id);
  if (!asked || client_.at(*asked).state == ExchangeState::Held) {
    return Drop("the server answers a request that it was not sent");
  }
  return Forward(*asked);
}

Action Session::RefusedFromClient(const Refusal& refusal) {
  if (refusal.is_request) return Answer(refusal.code, refusal.reason);
  return Drop(refusal.reason);
}

Action Session::RefusedFromServer(const Refusal& refusal) {
  // A line that is not JSON is a stray print of the server's, not a request of anyone's.
  if (refusal.is_request && !refusal.id.empty()) return Answer(refusal.code, refusal.reason);
  return Drop(refusal.reason);
}

std::optional<ExchangeId> Session::AnsweredBy(const Refusal& refusal, Direction direction) {
  if (!refusal.is_response || refusal.id.empty()) return std::nullopt;
  ExchangeTable& asked = direction == Direction::FromServer ? client_ : server_;
  const auto exchange = asked.Find(refusal.id);
  if (!exchange || asked.at(*exchange).state != ExchangeState::Sent) return std::nullopt;
  return exchange;
}

}  // namespace policy::mcp
