#include "runtime/gateway/call_pipeline.h"

#include <algorithm>
#include <utility>

#include "policy/check.h"
#include "runtime/gateway/answer.h"
#include "runtime/limits/counter_table.h"

namespace policy::gateway {
namespace {

AnswerOptions OptionsFor(const mcp::Message& message) {
  // Versions are dates: they compare as text.
  return {.id = message.id, .is_modern = message.protocol_version >= kModernVersion};
}

bool HoldsPermit(std::span<const Charge> charges) {
  return std::ranges::any_of(charges, [](const Charge& charge) {
    return charge.table != nullptr && charge.table->kind() == CounterKind::Concurrency;
  });
}

}  // namespace

CallPipeline::~CallPipeline() {
  for (Reservation& reservation : abandoned_) reservation.Settle(Settlement::Commit);
}

CallPipeline::Call& CallPipeline::CallOf(mcp::ExchangeId exchange) {
  if (exchange >= calls_.size()) calls_.resize(exchange + 1);
  return calls_[exchange];
}

ParkedCall* CallPipeline::parked(mcp::ExchangeId exchange) {
  return exchange < calls_.size() ? calls_[exchange].parked.get() : nullptr;
}

CallVerdict CallPipeline::Decide(const mcp::Message& message, mcp::ExchangeId exchange,
                                 const std::shared_ptr<PolicyVersion>& policy, const Caller& caller,
                                 std::int64_t received_ns) {
  Call& call = CallOf(exchange);
  call.has_waited = false;
  call.sent_ns = 0;
  return DecideAt(message, exchange, policy, caller, clock_.WallNanoseconds(), received_ns);
}

CallVerdict CallPipeline::Retry(mcp::ExchangeId exchange, mcp::MessageReader& reader,
                                const Caller& caller, std::string& bytes) {
  // Held here: deciding again may park the call anew.
  const std::unique_ptr<ParkedCall> parked = std::move(CallOf(exchange).parked);
  CHECK(parked != nullptr);
  bytes = parked->bytes;
  const auto message = reader.Read(bytes, &parked->policy->frame);
  CHECK(message.has_value());  // it was readable before
  const CallVerdict verdict =
      DecideAt(*message, exchange, parked->policy, caller, parked->now_ns, parked->received_ns);
  if (verdict == CallVerdict::Park) CallOf(exchange).parked->has_deadline = parked->has_deadline;
  return verdict;
}

void CallPipeline::GiveUp(mcp::ExchangeId exchange, mcp::MessageReader& reader) {
  const std::unique_ptr<ParkedCall> parked = std::move(CallOf(exchange).parked);
  CHECK(parked != nullptr);
  const auto message = reader.Read(parked->bytes, nullptr);
  CHECK(message.has_value());
  constexpr std::string_view kReason = "the store of the counters does not answer";
  Deny(*message, kReason);
  Log(*message, *parked->policy, {parked->now_ns, parked->received_ns, kReason, true});
}

CallVerdict CallPipeline::DecideAt(const mcp::Message& message, mcp::ExchangeId exchange,
                                   const std::shared_ptr<PolicyVersion>& policy,
                                   const Caller& caller, std::int64_t now_ns,
                                   std::int64_t received_ns) {
  if (log_ != nullptr && log_->has_failed() && !log_->Flush()) {
    Deny(message, "the decision log cannot be written, so no call is let through");
    return CallVerdict::Answer;
  }
  Call& call = CallOf(exchange);
  if (!Admit(message, call)) {
    Log(message, *policy, {now_ns, received_ns, denial_, call.has_waited});
    return CallVerdict::Answer;
  }
  const bool says_client = !message.client_name.empty();
  const CallContext context{
      .server = caller.server,
      .grant = caller.grant,
      .grant_label = caller.grant_label,
      .grant_tags = caller.grant_tags,
      .grant_attributes = caller.grant_attributes,
      .session = caller.session,
      .claims = caller.claims,
      .client_name = says_client ? message.client_name : caller.client_name,
      .client_version = says_client ? message.client_version : caller.client_version,
      .annotations = {},
      .now_ns = now_ns,
  };
  const DecideResult result =
      decider_.Decide(policy->bound, policy->frame, context, decision_, call.reservation);
  if (result == DecideResult::NeedsStore) {
    call.has_waited = true;
    call.parked = std::make_unique<ParkedCall>(
        ParkedCall{std::string(message.bytes), policy, now_ns, received_ns});
    return CallVerdict::Park;
  }
  const std::int64_t latency_ns = Log(message, *policy, {now_ns, received_ns, {}, call.has_waited});
  const bool is_sent = decision_.outcome == Outcome::Allow || observes_;
  if (is_sent && gate_ != nullptr) call.sent_ns = received_ns + latency_ns;
  if (decision_.outcome == Outcome::Allow) {
    call.holds_permit = HoldsPermit(decider_.charges());
    return CallVerdict::Forward;
  }
  if (observes_) return CallVerdict::Forward;  // nothing is charged for it
  CHECK(!call.reservation.holds_charges());
  answer_.clear();
  AppendDenial(answer_, policy->program(), decision_, OptionsFor(message));
  return CallVerdict::Answer;
}

// Once a call, though it may be decided twice. false: `answer_` says why not.
bool CallPipeline::Admit(const mcp::Message& message, Call& call) {
  if (gate_ == nullptr || call.is_admitted) return true;
  const auto why_not = gate_->WhyNot(message);
  call.is_admitted = !why_not;
  if (!why_not) return true;
  denial_ = *why_not;
  Deny(message, denial_);
  return false;
}

void CallPipeline::Release(Call& call, Settlement settlement) {
  if (!std::exchange(call.is_admitted, false)) return;
  const std::int64_t sent_ns = std::exchange(call.sent_ns, 0);
  if (sent_ns == 0) return gate_->Release(nullptr);
  const EndedCall ended{.settlement = settlement,
                        .upstream_ns = clock_.MonotonicNanoseconds() - sent_ns};
  gate_->Release(&ended);
}

void CallPipeline::Deny(const mcp::Message& message, std::string_view reason) {
  decision_.Clear();
  answer_.clear();
  AppendDenial(answer_, reason, OptionsFor(message));
}

std::int64_t CallPipeline::Log(const mcp::Message& message, const PolicyVersion& policy,
                               const Happened& happened) {
  const std::int64_t latency_ns = log_ == nullptr && gate_ == nullptr
                                      ? 0
                                      : clock_.MonotonicNanoseconds() - happened.received_ns;
  const bool is_observed =
      observes_ && happened.reason.empty() && decision_.outcome != Outcome::Allow;
  if (gate_ != nullptr) {
    gate_->Decided({.tool = message.tool,
                    .decision = decision_,
                    .program = policy.program(),
                    .is_observed = is_observed,
                    .has_waited = happened.has_waited,
                    .latency_ns = latency_ns});
  }
  if (log_ == nullptr) return latency_ns;
  log_->Append({.now_ns = happened.now_ns,
                .identity = identity_,
                .method = message.method,
                .tool = message.tool,
                .arguments = message.arguments,
                .decision = policy::NameOf(decision_.outcome),
                .reason = happened.reason,
                .policy = policy.hash_text,
                .program = &policy.program(),
                .taken = &decision_,
                .is_observed = is_observed,
                .latency_ns = latency_ns});
  return latency_ns;
}

void CallPipeline::Settle(mcp::ExchangeId exchange, Settlement settlement) {
  if (exchange >= calls_.size()) return;
  Call& call = calls_[exchange];
  call.parked.reset();
  call.reservation.Settle(settlement);
  Release(call, settlement);
}

void CallPipeline::Abandon(mcp::ExchangeId exchange) {
  Call& call = CallOf(exchange);
  if (call.reservation.holds_charges() && call.holds_permit) {
    abandoned_.push_back(std::move(call.reservation));
  }
  Settle(exchange, Settlement::Commit);
}

}  // namespace policy::gateway
