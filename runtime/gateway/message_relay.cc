#include "runtime/gateway/message_relay.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/check.h"
#include "runtime/gateway/answer.h"
#include "runtime/gateway/json_text.h"
#include "runtime/mcp/tools_list_filter.h"

namespace policy::gateway {
namespace {

using mcp::Action;
using mcp::ExchangeId;
using mcp::Message;
using mcp::MessageKind;
using mcp::Step;

constexpr std::string_view kToolsListChanged =
    R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";

// So much of a line that is no message is shown to the operator.
constexpr std::size_t kShownLineBytesMax = 160;
constexpr std::size_t kShownReasonBytesMax = 512;

}  // namespace

MessageRelay::MessageRelay(RelayOptions options, std::shared_ptr<PolicyVersion> policy,
                           RelayOutput& output, transport::EventLoop& loop, Clock& clock,
                           DecisionLog* log, Say say)
    : caller_(std::move(options.caller)),
      identity_(LogIdentity(
          {.server = caller_.server, .session = caller_.session, .grant = caller_.grant})),
      policy_(std::move(policy)),
      output_(output),
      loop_(loop),
      clock_(clock),
      log_(log),
      say_(std::move(say)),
      observes_(options.observes),
      takes_time_(log != nullptr || options.gate != nullptr),
      session_({policy_->default_allows() || observes_, std::move(options.passed_methods)}),
      pipeline_(clock, {.log = log, .gate = options.gate, .observes = observes_}, identity_) {}

MessageRelay::~MessageRelay() { *is_alive_ = false; }

void MessageRelay::ClientLine(std::string_view line) {
  if (line.empty() || server_is_gone_) return;
  const std::int64_t received_ns = takes_time_ ? clock_.MonotonicNanoseconds() : 0;
  const auto message = client_reader_.Read(line, &policy_->frame);
  if (!message) return RefusedFromClient(message.error());
  const Action action = session_.FromClient(*message);
  if (message->kind == MessageKind::Request && action.exchange) {
    output_.Began(SequenceOf(*action.exchange), *message);
  }
  switch (action.step) {
    case Step::Forward:
      return Forward(*message, action);
    case Step::Decide:
      return Conclude(pipeline_.Decide(*message, *action.exchange, policy_, caller_, received_ns),
                      message->bytes, *action.exchange);
    case Step::Cancel:
      return Cancel(message->bytes, *action.exchange);
    case Step::Answer:
      return AnswerClient(*message, action);
    case Step::Drop:
      LogRefusal(message->method, action.text);
      say_("dropped: " + action.text);
      output_.Dropped(action.text);
  }
}

void MessageRelay::Forward(const Message& message, const Action& action) {
  if (!action.exchange) {
    const bool is_response = message.kind == MessageKind::Response;
    return output_.ToServer(message.bytes,
                            {.said = is_response ? Said::Response : Said::Notification});
  }
  const mcp::Exchange& exchange = session_.client_exchange(*action.exchange);
  if (exchange.is_initialize) {
    caller_.client_name = message.client_name;
    caller_.client_version = message.client_version;
  }
  output_.ToServer(message.bytes, {.said = Said::Request, .sequence = exchange.sequence});
}

void MessageRelay::AnswerClient(const Message& message, const Action& action) {
  const bool is_denial = action.code == mcp::kDeniedMethodCode;
  const std::string text = is_denial ? MethodDenialText(action.text) : action.text;
  LogRefusal(message.method, text);
  scratch_.clear();
  AppendError(scratch_, message.id, action.code, text);
  output_.ToClient(scratch_, {.said = Said::Response});
}

void MessageRelay::ErrorToClient(ExchangeId exchange, int code, std::string_view text) {
  scratch_.clear();
  AppendError(scratch_, session_.client_exchange(exchange).id, code, text);
  output_.ToClient(scratch_, {.said = Said::Response, .sequence = SequenceOf(exchange)});
}

std::string MessageRelay::MethodDenialText(const std::string& text) const {
  const RuleReference rule = policy_->program().rule(0);
  return text + " (rule " + std::string(rule.id) + " at " + std::string(rule.file) + ":" +
         std::to_string(rule.line) + ")";
}

void MessageRelay::RefusedFromClient(const mcp::Refusal& refusal) {
  const std::string reason = OneLine(refusal.reason, kShownReasonBytesMax);
  LogRefusal("", reason);
  say_("refused a message of the client: " + reason);
  if (const auto asked = session_.AnsweredBy(refusal, mcp::Direction::FromClient)) {
    ErrorToServer(session_.server_exchange(*asked).id, refusal.code, reason);
    return session_.FinishServers(*asked);
  }
  if (session_.RefusedFromClient(refusal).step != Step::Answer) return output_.Dropped(reason);
  scratch_.clear();
  AppendError(scratch_, refusal.id, refusal.code, reason);
  output_.ToClient(scratch_, {.said = Said::Response});
}

void MessageRelay::ClientLineTooLong() {
  RefusedFromClient(
      {.code = mcp::kInvalidRequestCode,
       .id = {},
       .is_request = true,
       .is_response = false,
       .reason = "a message is at most " + std::to_string(mcp::kMessageBytesMax) + " bytes long"});
}

void MessageRelay::Cancel(std::string_view notice, ExchangeId request) {
  const mcp::Exchange& exchange = session_.client_exchange(request);
  const bool is_unsent =
      exchange.state == mcp::ExchangeState::Held || output_.TakeBack(exchange.sequence);
  // Not one byte of it went out: the server never hears of it, and the client wants no answer.
  if (is_unsent) return Finish(request, Settlement::Void);
  if (!notice.empty()) {
    output_.ToServer(notice, {.said = Said::Notification, .sequence = exchange.sequence});
  }
  if (exchange.is_initialize) return;  // it cannot be cancelled: its answer is still due
  output_.Ended(exchange.sequence);
  output_.Left(exchange.sequence);
  if (const auto forgotten = session_.Cancel(request)) {
    pipeline_.Abandon(*forgotten);
    session_.Finish(*forgotten);
  }
}

std::optional<ExchangeId> MessageRelay::InFlight(std::uint64_t sequence) const {
  for (const ExchangeId request : session_.ClientInFlight()) {
    if (SequenceOf(request) == sequence) return request;
  }
  return std::nullopt;
}

void MessageRelay::ClientLeft(std::uint64_t sequence, std::string_view notice) {
  const auto request = InFlight(sequence);
  if (!request || session_.client_exchange(*request).state == mcp::ExchangeState::Cancelled) return;
  Cancel(notice, *request);
}

void MessageRelay::RequestFailed(std::uint64_t sequence, Failure failure) {
  const auto request = InFlight(sequence);
  if (!request) return;
  if (session_.client_exchange(*request).state != mcp::ExchangeState::Cancelled) {
    ErrorToClient(*request, mcp::kServerGoneCode, failure.text);
  }
  Finish(*request, failure.was_sent ? Settlement::Commit : Settlement::Void);
}

void MessageRelay::Conclude(CallVerdict verdict, std::string_view bytes, ExchangeId exchange) {
  switch (verdict) {
    case CallVerdict::Forward:
      session_.Sent(exchange);
      return output_.ToServer(bytes, {.said = Said::Request, .sequence = SequenceOf(exchange)});
    case CallVerdict::Answer:
      output_.ToClient(pipeline_.answer(),
                       {.said = Said::Response, .sequence = SequenceOf(exchange)});
      return Finish(exchange, Settlement::Void);
    case CallVerdict::Park:
      return Park(exchange);
  }
}

void MessageRelay::Park(ExchangeId exchange) {
  const std::uint64_t sequence = session_.client_exchange(exchange).sequence;
  ++parked_count_;
  ParkedCall& parked = *pipeline_.parked(exchange);
  auto retry = [this, exchange, sequence, is_alive = is_alive_] {
    if (*is_alive) Retry(exchange, sequence);
  };
  // The wake may come from any thread, and before WhenReady returns: it only posts.
  parked.policy->bound.counters().WhenReady(
      pipeline_.charges(), [&loop = loop_, retry = std::move(retry)] { loop.Post(retry); });
  if (std::exchange(parked.has_deadline, true)) return;
  loop_.After(kStoreWaitMax, [this, exchange, sequence, is_alive = is_alive_] {
    if (*is_alive) GiveUp(exchange, sequence);
  });
}

bool MessageRelay::IsParked(ExchangeId exchange, std::uint64_t sequence) {
  return pipeline_.parked(exchange) != nullptr &&
         session_.client_exchange(exchange).sequence == sequence;
}

void MessageRelay::Retry(ExchangeId exchange, std::uint64_t sequence) {
  if (!IsParked(exchange, sequence)) return;  // cancelled, or given up
  --parked_count_;
  std::string bytes;
  const CallVerdict verdict = pipeline_.Retry(exchange, parked_reader_, caller_, bytes);
  Conclude(verdict, bytes, exchange);
}

void MessageRelay::GiveUp(ExchangeId exchange, std::uint64_t sequence) {
  if (!IsParked(exchange, sequence)) return;
  pipeline_.GiveUp(exchange, parked_reader_);
  --parked_count_;
  output_.ToClient(pipeline_.answer(), {.said = Said::Response, .sequence = sequence});
  Finish(exchange, Settlement::Void);
}

void MessageRelay::Finish(ExchangeId exchange, Settlement settlement) {
  if (pipeline_.parked(exchange) != nullptr) --parked_count_;
  pipeline_.Settle(exchange, settlement);
  const std::uint64_t sequence = SequenceOf(exchange);
  session_.Finish(exchange);
  output_.Ended(sequence);
}

void MessageRelay::ServerLine(std::string_view line, std::uint64_t sequence) {
  if (line.empty() || server_is_gone_) return;
  const auto message = server_reader_.Read(line, nullptr);
  if (!message) return RefusedFromServer(message.error(), line);
  const Action action = session_.FromServer(*message);
  switch (action.step) {
    case Step::Forward:
      if (message->kind == MessageKind::Response && action.exchange) {
        return ForwardResponse(*message, *action.exchange);
      }
      return output_.ToClient(
          message->bytes,
          {.said = message->kind == MessageKind::Request ? Said::Request : Said::Notification,
           .sequence = sequence});
    case Step::Answer:
      return ErrorToServer(message->id, action.code, action.text);
    case Step::Drop:
    case Step::Decide:
    case Step::Cancel:
      say_("dropped: " + action.text);
  }
}

void MessageRelay::ForwardResponse(const Message& message, ExchangeId request) {
  if (session_.client_exchange(request).is_initialize) NoteInitialized(message);
  if (message.result_tools.empty()) {
    output_.ToClient(message.bytes, {.said = Said::Response, .sequence = SequenceOf(request)});
  } else {
    ForwardToolsList(message, request);
  }
  const bool has_failed = !message.error.empty() || message.result_is_error;
  Finish(request, has_failed ? Settlement::CommitError : Settlement::Commit);
}

// Whatever the request was: what looks like a list of tools is one.
void MessageRelay::ForwardToolsList(const Message& message, ExchangeId request) {
  const Program& program = policy_->program();
  output_.Listed(message);
  scratch_.clear();
  mcp::FilterToolsList(
      message,
      [this, &program](std::string_view tool) {
        if (listed_tools_.size() < kListedToolsMax) listed_tools_.emplace(tool);
        return observes_ || !program.Hides(tool, caller_.server);
      },
      scratch_);
  output_.ToClient(scratch_, {.said = Said::Response, .sequence = SequenceOf(request)});
}

void MessageRelay::NoteInitialized(const Message& message) {
  if (message.result.empty()) return;
  const auto result = nlohmann::json::parse(message.result, nullptr, false);
  const nlohmann::json::json_pointer told("/capabilities/tools/listChanged");
  server_tells_list_changes_ = !result.is_discarded() && result.is_object() &&
                               result.contains(told) && result.at(told) == true;
}

void MessageRelay::RefusedFromServer(const mcp::Refusal& refusal, std::string_view line) {
  const std::string reason = OneLine(refusal.reason, kShownReasonBytesMax);
  const bool is_json = refusal.code == mcp::kInvalidRequestCode;
  say_(is_json ? "refused a message of the server: " + reason
               : "skipped a line of the server that is not a message: " +
                     OneLine(line, kShownLineBytesMax));
  if (const auto asked = session_.AnsweredBy(refusal, mcp::Direction::FromServer)) {
    ErrorToClient(*asked, mcp::kUnreadableAnswerCode, "the server's answer was refused: " + reason);
    return Finish(*asked, Settlement::Commit);  // the server has acted, well or not
  }
  const Action action = session_.RefusedFromServer(refusal);
  if (action.step == Step::Answer) ErrorToServer(refusal.id, action.code, action.text);
}

// Its id is lost with it. Where only one request can be meant, that one is answered; else the
// client waits, rather than being told something wrong.
void MessageRelay::ServerLineTooLong(std::uint64_t sequence) {
  const std::string text = "skipped a line of the server that is longer than " +
                           std::to_string(mcp::kMessageBytesMax) + " bytes";
  say_(text);
  std::optional<ExchangeId> only;
  for (const ExchangeId request : session_.ClientInFlight()) {
    if (session_.client_exchange(request).state != mcp::ExchangeState::Sent) continue;
    if (sequence != 0 && SequenceOf(request) != sequence) continue;
    if (only) return;
    only = request;
  }
  if (!only) return;
  ErrorToClient(*only, mcp::kUnreadableAnswerCode, text);
  Finish(*only, Settlement::Commit);
}

void MessageRelay::ErrorToServer(std::string_view id, int code, std::string_view text) {
  // A server that asks nonsense and does not read must not fill what is kept for it.
  if (output_.server_is_full()) return;
  scratch_.clear();
  AppendError(scratch_, id, code, text);
  output_.ToServer(scratch_, {.said = Said::Response});
}

void MessageRelay::Install(std::shared_ptr<PolicyVersion> policy) {
  const bool differs = std::ranges::any_of(listed_tools_, [&](const std::string& tool) {
    const std::string& server = caller_.server;
    return policy->program().Hides(tool, server) != policy_->program().Hides(tool, server);
  });
  policy_ = std::move(policy);
  session_.set_default_allows(policy_->default_allows() || observes_);
  if (differs && !observes_ && server_tells_list_changes_ && !server_is_gone_) {
    output_.ToClient(kToolsListChanged, {.said = Said::Notification});
  }
}

void MessageRelay::SetCaller(const Caller& caller) {
  caller_.grant_label = caller.grant_label;
  caller_.grant_tags = caller.grant_tags;
  caller_.grant_attributes = caller.grant_attributes;
  caller_.claims = caller.claims;
}

void MessageRelay::ServerGone() {
  server_is_gone_ = true;
  for (const ExchangeId request : session_.ClientInFlight()) {
    const mcp::Exchange& exchange = session_.client_exchange(request);
    const bool is_unsent =
        exchange.state == mcp::ExchangeState::Held || output_.TakeBack(exchange.sequence);
    if (exchange.state != mcp::ExchangeState::Cancelled) {
      ErrorToClient(request, mcp::kServerGoneCode,
                    is_unsent ? "the server ended before it got this request"
                              : "the server ended before it answered this request");
    }
    Finish(request, is_unsent ? Settlement::Void : Settlement::Commit);
  }
}

void MessageRelay::LogRefusal(std::string_view method, std::string_view reason) {
  if (log_ == nullptr) return;
  log_->Append({.now_ns = clock_.WallNanoseconds(),
                .identity = identity_,
                .method = method,
                .tool = {},
                .arguments = {},
                .decision = "refused",
                .reason = reason,
                .policy = policy_->hash_text,
                .program = &policy_->program(),
                .taken = nullptr,
                .latency_ns = 0});
}

}  // namespace policy::gateway
