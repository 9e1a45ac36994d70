#include "runtime/gateway/serve/serve_gate.h"

#include "runtime/program/layout.h"

namespace policy::gateway {

std::optional<std::string> ServeGate::WhyNot(const mcp::Message& call) {
  if (const Disabled* const disabled = state_->access->disabled.Find(grant_, server_, call.tool)) {
    return DisabledText(*disabled);
  }
  std::uint64_t most = state_->config->limits.in_flight_max;
  if (const auto grant = state_->access->grants.Find(grant_); grant && grant->in_flight_max) {
    most = *grant->in_flight_max;
  }
  if (!GrantUse::Take(use_->calls, most)) {
    return "this grant has " + std::to_string(most) +
           " calls on their way already: try again when one has ended";
  }
  metrics_.Count(Sum::InFlight);
  return std::nullopt;
}

void ServeGate::Release() {
  use_->calls.fetch_sub(1, std::memory_order_relaxed);
  metrics_.Count(Sum::InFlight, -1);
}

void ServeGate::Decided(const DecidedCall& call) {
  metrics_.Observe(Duration::Decide, call.latency_ns);
  // Tools that no policy names are counted together: names are a caller's to choose.
  const bool is_known = call.program.layout().FindTool(call.tool) != nullptr;
  metrics_.CountDecision({.server = server_,
                          .tool = is_known ? call.tool : "other",
                          .outcome = NameOf(call.decision.outcome),
                          .is_observed = call.is_observed});
  for (const std::uint32_t rule : call.decision.rules) {
    metrics_.CountRule(server_, call.program.rule(rule).id);
  }
}

}  // namespace policy::gateway
