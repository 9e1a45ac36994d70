#include "compiler/testing/call_evaluation.h"

#include <utility>

#include "policy/check.h"

namespace policy {

namespace {

// The server of lines that name none.
std::string ServerOf(const std::string& given, const Program& program) {
  if (!given.empty()) return given;
  const std::string_view pinned = program.PinnedServer();
  return pinned.empty() ? "default" : std::string(pinned);
}

}  // namespace

CallEvaluation::CallEvaluation(std::shared_ptr<const Program> program, CallDefaults defaults)
    : defaults_{.server = ServerOf(defaults.server, *program), .grant = std::move(defaults.grant)},
      policy_(program, counters_, ""),
      frame_(std::move(program)) {}

bool CallEvaluation::Decide(std::string_view line, std::int64_t now_ns, Decision& decision) {
  CallContext context;
  context.server = defaults_.server;
  context.grant = defaults_.grant;
  context.now_ns = now_ns;
  if (!Read(line, context, decision)) return false;
  Reservation reservation;
  const DecideResult result = decider_.Decide(policy_, frame_, context, decision, reservation);
  CHECK(result == DecideResult::Decided);  // these counters wait for nobody
  reservation.Settle(Settlement::Commit);
  return true;
}

// Fills the frame and `context` from the line. False: it is refused, and `decision` says why.
bool CallEvaluation::Read(std::string_view line, CallContext& context, Decision& decision) {
  const auto call = call_reader_.Read(line);
  if (!call) {
    Refuse(call.error().reason, decision);
    return false;
  }
  return call->is_message ? ReadMessage(line, context, decision)
                          : ReadCall(*call, context, decision);
}

bool CallEvaluation::ReadMessage(std::string_view line, CallContext& context, Decision& decision) {
  const auto message = message_reader_.Read(line, &frame_);
  if (!message) {
    Refuse(message.error().reason, decision);
    return false;
  }
  if (!message->is_tools_call) {
    Refuse("it is not a tools/call request", decision);
    return false;
  }
  context.client_name = message->client_name;
  context.client_version = message->client_version;
  return true;
}

bool CallEvaluation::ReadCall(const mcp::CallLine& call, CallContext& context, Decision& decision) {
  if (const auto filled = mcp::FillArguments(call.arguments, frame_); !filled) {
    Refuse(filled.error().reason, decision);
    return false;
  }
  frame_.set_tool(call.tool);
  mcp::SetContext(call, context);
  return true;
}

}  // namespace policy
