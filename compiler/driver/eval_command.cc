#include <CLI/CLI.hpp>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>

#include "compiler/driver/command.h"
#include "compiler/driver/decision_line.h"
#include "compiler/driver/explanation.h"
#include "compiler/driver/program_file.h"
#include "policy/check.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/call_line.h"
#include "runtime/mcp/message.h"
#include "runtime/value/civil_time.h"
#include "runtime/vm/bound_policy.h"
#include "runtime/vm/decide.h"

namespace policy {

namespace {

struct EvalOptions {
  std::string policy;
  std::string calls;
  std::string server;
  std::string grant = "local";
  std::string now;
  bool explain = false;
  ToolsOption tools;
};

// The server of lines that name none.
std::string ServerOf(const std::string& given, const Program& program) {
  if (!given.empty()) return given;
  const std::string_view pinned = program.PinnedServer();
  return pinned.empty() ? "default" : std::string(pinned);
}

// Decides one line after the other, over counters that they share.
class LineEvaluation {
 public:
  LineEvaluation(std::shared_ptr<const Program> program, const EvalOptions& options)
      : options_(options),
        server_(ServerOf(options.server, *program)),
        policy_(program, counters_, ""),
        frame_(std::move(program)) {}

  // What is printed for `line`, decided at `now_ns` unless the line has a clock of its own.
  std::string Answer(std::string_view line, std::int64_t now_ns) {
    CallContext context;
    context.server = server_;
    context.grant = options_.grant;
    context.now_ns = now_ns;
    Decision decision;
    Reservation reservation;
    const bool was_read = Read(line, context, decision);
    if (was_read) {
      const DecideResult result = decider_.Decide(policy_, frame_, context, decision, reservation);
      CHECK(result == DecideResult::Decided);  // these counters wait for nobody
      reservation.Settle(Settlement::Commit);
    }
    std::string answer = DecisionLine(policy_.program(), decision) + "\n";
    if (options_.explain && was_read) answer += Explanation(frame_, decision);
    return answer;
  }

 private:
  // Fills the frame and `context` from the line. False: it is refused, and `decision` says why.
  bool Read(std::string_view line, CallContext& context, Decision& decision) {
    const auto call = call_reader_.Read(line);
    if (!call) {
      Refuse(call.error().reason, decision);
      return false;
    }
    return call->is_message ? ReadMessage(line, context, decision)
                            : ReadCall(*call, context, decision);
  }

  bool ReadMessage(std::string_view line, CallContext& context, Decision& decision) {
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

  bool ReadCall(const mcp::CallLine& call, CallContext& context, Decision& decision) {
    if (const auto filled = mcp::FillArguments(call.arguments, frame_); !filled) {
      Refuse(filled.error().reason, decision);
      return false;
    }
    frame_.tool = call.tool;
    if (!call.server.empty()) context.server = call.server;
    if (!call.grant.empty()) context.grant = call.grant;
    context.session = call.session;
    context.claims = call.claims;
    context.grant_attributes = call.attributes;
    context.annotations = call.annotations;
    context.client_name = call.client_name;
    context.client_version = call.client_version;
    if (call.now_ns) context.now_ns = *call.now_ns;
    return true;
  }

  const EvalOptions& options_;
  std::string server_;
  MemoryCounters counters_;
  BoundPolicy policy_;
  mcp::CallLineReader call_reader_;
  mcp::MessageReader message_reader_{mcp::Direction::FromClient};
  Frame frame_;
  Decider decider_;
};

void AnswerLines(std::istream& lines, LineEvaluation& evaluation,
                 const std::optional<std::int64_t>& clock_ns, DriverEnv& env) {
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    env.out << evaluation.Answer(line, clock_ns ? *clock_ns : env.now_ns());
    env.out.flush();  // who pipes calls in waits for the answer to the last
  }
}

int Eval(const EvalOptions& options, DriverEnv& env) {
  std::optional<std::int64_t> clock_ns;
  if (!options.now.empty()) {
    clock_ns = ParseInstant(options.now);
    if (!clock_ns) {
      env.err << "policyc: `" << options.now << "` is not a time like 2026-03-01T10:00:00Z\n";
      return kExitNotRun;
    }
  }
  int status = kExitDone;
  const ToolsOption tools{.path = options.tools.path, .server = options.server};
  auto program = LoadFile(options.policy, !options.explain, tools, env, status);
  if (program == nullptr) return kExitNotRun;
  LineEvaluation evaluation(std::move(program), options);
  if (options.calls == "-") {
    AnswerLines(env.in, evaluation, clock_ns, env);
    return kExitDone;
  }
  const auto text = env.files.Read(options.calls);
  if (!text) {
    env.err << "policyc: cannot read `" << options.calls << "`: " << text.error() << "\n";
    return kExitNotRun;
  }
  std::istringstream lines(*text);
  AnswerLines(lines, evaluation, clock_ns, env);
  return kExitDone;
}

}  // namespace

CommandRun AddEvalCommand(CLI::App& app) {
  auto options = std::make_shared<EvalOptions>();
  app.add_option("policy", options->policy, "A policy, or a compiled one")->required();
  app.add_option("--call", options->calls,
                 "A file of calls, one a line, or - for standard input: JSON-RPC requests, or "
                 "{\"tool\": …, \"args\": …}")
      ->required();
  app.add_option("--server", options->server, "The server that is called");
  AddToolsOption(app, options->tools);
  app.add_option("--grant", options->grant, "The grant that calls");
  app.add_option("--now", options->now, "Where the clock stands: 2026-03-01T10:00:00Z");
  app.add_flag("--explain", options->explain,
               "Print below each decision what every rule and condition said");
  return [options](DriverEnv& env) { return Eval(*options, env); };
}

}  // namespace policy
