#include "compiler/driver/policy_check.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/analyse/analyse.h"
#include "compiler/back_end.h"
#include "compiler/front_end.h"
#include "policy/check.h"
#include "policy/program.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/call_line.h"
#include "runtime/mcp/message.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"

namespace policy {

namespace {

// Decides proposed calls, each with counters that nothing has used.
class Confirmation {
 public:
  explicit Confirmation(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  std::optional<Confirmed> Decide(const std::string& line) {
    if (!Load()) return std::nullopt;
    const auto call = call_reader_.Read(line);
    if (!call || call->is_message) return std::nullopt;
    if (!mcp::FillArguments(call->arguments, *frame_)) return std::nullopt;
    frame_->tool = call->tool;
    const CallContext context = ContextOf(*call);
    Decision decision;
    Reservation reservation;
    const DecideResult result = decider_.Decide(*policy_, *frame_, context, decision, reservation);
    CHECK(result == DecideResult::Decided);  // these counters wait for nobody
    reservation.Settle(Settlement::Void);    // the next call finds nothing used up
    Confirmed confirmed{.outcome = decision.outcome,
                        .outcome_name = std::string(NameOf(decision.outcome)),
                        .rule_ids = {}};
    for (const std::uint32_t rule : decision.rules) {
      confirmed.rule_ids.emplace_back(program_->rule(rule).id);
    }
    return confirmed;
  }

 private:
  // Most policies need no call: the program is loaded for the first.
  bool Load() {
    if (program_ != nullptr) return true;
    auto program = Program::Load(bytes_);
    if (!program) return false;
    program_ = *std::move(program);
    frame_.emplace(program_);
    policy_.emplace(program_, counters_, "");
    return true;
  }

  // As `policyc eval` has it by default, so that the call can be tried there.
  static CallContext ContextOf(const mcp::CallLine& call) {
    CallContext context;
    if (!call.server.empty()) context.server = call.server;
    if (!call.grant.empty()) context.grant = call.grant;
    context.session = call.session;
    context.claims = call.claims;
    context.grant_attributes = call.attributes;
    context.annotations = call.annotations;
    context.client_name = call.client_name;
    context.client_version = call.client_version;
    if (call.now_ns) context.now_ns = *call.now_ns;
    return context;
  }

  std::vector<std::byte> bytes_;
  std::shared_ptr<const Program> program_;
  std::optional<Frame> frame_;
  MemoryCounters counters_;
  std::optional<BoundPolicy> policy_;
  mcp::CallLineReader call_reader_;
  Decider decider_;
};

}  // namespace

void CheckPolicySource(const Source& source, const CompileOptions& options,
                       Diagnostics& diagnostics) {
  const std::optional<ir::Policy> policy = ResolvePolicy(source, options, diagnostics);
  if (!policy) return;
  std::optional<std::vector<std::byte>> bytes;
  if (!diagnostics.has_errors()) {
    ir::Policy rewritten = *policy;
    bytes = RunBackEnd(rewritten, source, options, diagnostics);
  }
  // What is wrong is said all at once, though no call can show it then.
  if (!bytes) return Analyse(*policy, source, nullptr, diagnostics);
  Confirmation confirmation(*std::move(bytes));
  Analyse(
      *policy, source, [&](const std::string& call) { return confirmation.Decide(call); },
      diagnostics);
}

}  // namespace policy
