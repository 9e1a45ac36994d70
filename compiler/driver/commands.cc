#include <CLI/CLI.hpp>
#include <array>
#include <string>

#include "compiler/driver/command.h"

namespace policy {

namespace {

constexpr std::array kCommands = {
    Command{"check", "Report what is wrong or doubtful in policies", AddCheckCommand},
    Command{"compile", "Compile a policy to a program that policyd loads", AddCompileCommand},
    Command{"convert", "Turn a policy into the other form", AddConvertCommand},
    Command{"dump", "Print a policy as the compiler sees it", AddDumpCommand},
    Command{"eval", "Decide calls under a policy, one a line", AddEvalCommand},
    Command{"explain", "Print the page about a diagnostic code", AddExplainCommand},
    Command{"fmt", "Lay policies out in the one way", AddFmtCommand},
    Command{"pin", "Write the lock of a server's tools, or hold the server to it", AddPinCommand},
    Command{"schema", "Print the JSON Schema of a file format", AddSchemaCommand},
    Command{"test", "Run the tests of policies", AddTestCommand},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

int RunDriver(int argc, const char* const* argv, DriverEnv& env) {
  CLI::App app("Checks, explains and compiles policies for MCP tool calls", "policyc");
  app.require_subcommand(1);
  int status = kExitDone;
  for (const Command& command : Commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->callback([&status, &env, run = command.add(*sub)] { status = run(env); });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, env.out, env.err) == 0 ? kExitDone : kExitNotRun;
  }
  return status;
}

}  // namespace policy
