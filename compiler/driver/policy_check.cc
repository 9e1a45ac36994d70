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
    frame_->set_tool(call->tool);
    CallContext
        context;  // as `policyc eval` has it by default, so that the call can be tried there
    mcp::SetContext(*call, context);
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

  std::vector<std::byte> bytes_;
  std::shared_ptr<const Program> program_;
  std::optional<Frame> frame_;
  MemoryCounters counters_;
  std::optional<BoundPolicy> policy_;
  mcp::CallLineReader call_reader_;
  Decider decider_;
};

}  // namespace

std::optional<DecisionCost> CheckPolicySource(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics) {
  const std::optional<ir::Policy> policy = ResolvePolicy(source, options, diagnostics);
  if (!policy) return std::nullopt;
  std::optional<CompiledProgram> compiled;
  if (!diagnostics.has_errors()) {
    ir::Policy rewritten = *policy;
    compiled = RunBackEnd(rewritten, source, options, diagnostics);
  }
  if (!compiled) {
    // What is wrong is said all at once, though no call can show it then.
    Analyse(*policy, source, nullptr, diagnostics);
    return std::nullopt;
  }
  Confirmation confirmation(std::move(compiled->bytes));
  Analyse(
      *policy, source, [&](const std::string& call) { return confirmation.Decide(call); },
      diagnostics);
  return std::move(compiled->worst);
}

}  // namespace policy
