// What stands before the policy of a session: the kill switch, and how many calls a grant may have
// on their way.
#ifndef RUNTIME_GATEWAY_SERVE_SERVE_GATE_H_
#define RUNTIME_GATEWAY_SERVE_SERVE_GATE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/gateway/call_gate.h"
#include "runtime/gateway/config/serve_state.h"
#include "runtime/gateway/metrics/metrics.h"
#include "runtime/gateway/serve/in_flight.h"

namespace policy::gateway {

// Lives in its worker's loop; not thread-safe.
class ServeGate final : public CallGate {
 public:
  // `state` is the worker's snapshot in force, whatever it is at the time of a call; it and
  // `metrics` outlive the gate.
  ServeGate(const std::shared_ptr<const ServeState>& state, std::string server, std::string grant,
            std::shared_ptr<GrantUse> use, WorkerMetrics& metrics)
      : state_(state),
        server_(std::move(server)),
        grant_(std::move(grant)),
        use_(std::move(use)),
        metrics_(metrics) {}

  std::optional<std::string> WhyNot(const mcp::Message& call) override;
  void Release(const EndedCall* ended) override;
  void Decided(const DecidedCall& call) override;

 private:
  const std::shared_ptr<const ServeState>& state_;
  std::string server_;
  std::string grant_;
  std::shared_ptr<GrantUse> use_;
  WorkerMetrics& metrics_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVE_GATE_H_
