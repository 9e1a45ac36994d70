#include "policy/evaluator.h"

#include <utility>

#include "runtime/mcp/message.h"
#include "runtime/value/json_text.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"

namespace policy {

struct Evaluator::State {
  State(std::shared_ptr<const Program> program, Counters& counters, std::string_view attachment)
      : policy(program, counters, attachment), frame(std::move(program)) {}

  BoundPolicy policy;
  mcp::MessageReader reader{mcp::Direction::FromClient};
  Frame frame;
  Decider decider;
  std::string request;  // of DecideArguments
};

Evaluator::Evaluator(std::shared_ptr<const Program> program, Counters& counters,
                     std::string attachment)
    : state_(std::make_unique<State>(std::move(program), counters, attachment)) {}
Evaluator::~Evaluator() = default;

std::span<const Charge> Evaluator::charges() const { return state_->decider.charges(); }

Evaluator::Result Evaluator::DecideArguments(std::string_view tool, std::string_view arguments,
                                             const CallContext& context, Decision& decision,
                                             Reservation& reservation) {
  // One way through for every call: the strict reader.
  std::string& request = state_->request;
  request = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":)";
  AppendJsonString(tool, request);
  request += R"(,"arguments":)";
  request += arguments.empty() ? std::string_view("{}") : arguments;
  request += "}}";
  return Decide(request, context, decision, reservation);
}

Evaluator::Result Evaluator::Decide(std::string_view request, const CallContext& context,
                                    Decision& decision, Reservation& reservation) {
  const auto message = state_->reader.Read(request, &state_->frame);
  if (!message) {
    Refuse(message.error().reason, decision);
    return Result::Decided;
  }
  if (!message->is_tools_call) {
    Refuse("it is not a tools/call request", decision);
    return Result::Decided;
  }
  CallContext whole = context;
  if (whole.client_name.empty()) whole.client_name = message->client_name;
  if (whole.client_version.empty()) whole.client_version = message->client_version;
  const DecideResult result =
      state_->decider.Decide(state_->policy, state_->frame, whole, decision, reservation);
  return result == DecideResult::Decided ? Result::Decided : Result::NeedsStore;
}

}  // namespace policy
