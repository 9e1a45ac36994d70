#include <CLI/CLI.hpp>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>

#include "compiler/driver/command.h"
#include "compiler/driver/decision_line.h"
#include "compiler/driver/program_file.h"
#include "compiler/testing/call_evaluation.h"
#include "compiler/testing/explanation.h"
#include "runtime/value/civil_time.h"

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

// What is printed for `line`, decided at `now_ns` unless the line has a clock of its own.
std::string Answer(CallEvaluation& evaluation, std::string_view line, std::int64_t now_ns,
                   bool explains) {
  Decision decision;
  const bool was_read = evaluation.Decide(line, now_ns, decision);
  std::string answer = DecisionLine(evaluation.program(), decision) + "\n";
  if (explains && was_read) answer += Explanation(evaluation.frame(), decision);
  return answer;
}

void AnswerLines(std::istream& lines, CallEvaluation& evaluation, bool explains,
                 const std::optional<std::int64_t>& clock_ns, DriverEnv& env) {
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    env.out << Answer(evaluation, line, clock_ns ? *clock_ns : env.now_ns(), explains);
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
  CallEvaluation evaluation(std::move(program), {.server = options.server, .grant = options.grant});
  if (options.calls == "-") {
    AnswerLines(env.in, evaluation, options.explain, clock_ns, env);
    return kExitDone;
  }
  const auto text = env.files.Read(options.calls);
  if (!text) {
    env.err << "policyc: cannot read `" << options.calls << "`: " << text.error() << "\n";
    return kExitNotRun;
  }
  std::istringstream lines(*text);
  AnswerLines(lines, evaluation, options.explain, clock_ns, env);
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
