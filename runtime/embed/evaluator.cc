#include "runtime/embed/handles.h"

namespace policy::embed {
namespace {

// A deny without rules that holds nothing.
policy_outcome Refuse(std::string_view why, policy_decision& decision) noexcept {
  decision.reservation = Reservation();
  decision.decision.Clear();
  return Guarded(POLICY_DENY, [&] {
    decision.decision.message = why;
    return POLICY_DENY;
  });
}

policy_outcome Decide(policy_evaluator& evaluator, std::string_view request,
                      const policy_context* given, policy_decision& decision) {
  const auto context = ReadContext(given, evaluator.counters->clock);
  if (!context) return Refuse(context.error(), decision);
  const auto result =
      evaluator.evaluator.Decide(request, *context, decision.decision, decision.reservation);
  if (result != Evaluator::Result::Decided) {
    return Refuse("the counters of the policy cannot be reached", decision);
  }
  return policy_decision_outcome(&decision);
}

}  // namespace
}  // namespace policy::embed

using policy::embed::Guarded;

policy_counters* policy_counters_new(void) {
  return Guarded<policy_counters*>(nullptr, [] {
    return new policy_counters{std::make_shared<policy::embed::SharedCounters>()};
  });
}

void policy_counters_free(policy_counters* counters) { delete counters; }

policy_evaluator* policy_evaluator_new(const policy_program* program, policy_counters* counters,
                                       const char* attachment) {
  if (program == nullptr || counters == nullptr || attachment == nullptr) return nullptr;
  return Guarded<policy_evaluator*>(nullptr, [&] {
    return new policy_evaluator{
        .program = program->program,
        .counters = counters->shared,
        .evaluator = {program->program, counters->shared->counters, attachment}};
  });
}

void policy_evaluator_free(policy_evaluator* evaluator) { delete evaluator; }

policy_outcome policy_decide(policy_evaluator* evaluator, const char* request, size_t size,
                             const policy_context* context, policy_decision* decision) {
  if (decision == nullptr) return POLICY_DENY;  // a call that is allowed has to be settled
  decision->reservation = policy::Reservation();
  if (evaluator == nullptr || request == nullptr) {
    return policy::embed::Refuse("there is no evaluator, or no request", *decision);
  }
  decision->program = evaluator->program;
  decision->counters = evaluator->counters;
  try {
    return policy::embed::Decide(*evaluator, {request, size}, context, *decision);
  } catch (const std::exception&) {
    return policy::embed::Refuse(policy::embed::kOutOfMemory, *decision);
  }
}
