#include "runtime/gateway/serve/serve_gate.h"

#include "runtime/program/layout.h"

namespace policy::gateway {
namespace {

constexpr double kPercent = 100;

std::string_view NameOf(Settlement settlement) {
  switch (settlement) {
    case Settlement::Commit:
      return "answered";
    case Settlement::CommitError:
      return "error";
    case Settlement::Void:
      break;
  }
  return "unsent";
}

}  // namespace

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

void ServeGate::Release(const EndedCall* ended) {
  if (ended != nullptr) {
    metrics_.Observe(Duration::Upstream, ended->upstream_ns);
    metrics_.CountUpstream(server_, NameOf(ended->settlement));
  }
  use_->calls.fetch_sub(1, std::memory_order_relaxed);
  metrics_.Count(Sum::InFlight, -1);
}

void ServeGate::Decided(const DecidedCall& call) {
  metrics_.Observe(call.has_waited ? Duration::StoreWait : Duration::Decide, call.latency_ns);
  // Tools that no policy names are counted together: names are a caller's to choose.
  const bool is_known = call.program.layout().FindTool(call.tool) != nullptr;
  metrics_.CountDecision({.server = server_,
                          .tool = is_known ? call.tool : "other",
                          .outcome = NameOf(call.decision.outcome),
                          .is_observed = call.is_observed});
  for (const std::uint32_t rule : call.decision.rules) {
    metrics_.CountRule(server_, call.program.rule(rule).id);
  }
  const Layout& layout = call.program.layout();
  for (const Quota& quota : call.decision.quotas) {
    const auto used = static_cast<double>(quota.used);
    if (used * kPercent < static_cast<double>(quota.max) * kNearFullPercent) continue;
    const format::Counter& counter = layout.counters()[layout.limits()[quota.limit].counter];
    metrics_.CountNearFull(server_, layout.text(counter.name));
  }
}

}  // namespace policy::gateway
