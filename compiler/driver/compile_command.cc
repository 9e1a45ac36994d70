#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "compiler/driver/command.h"
#include "compiler/driver/program_file.h"

namespace policy {

namespace {

struct CompileOptionsGiven {
  std::string input;
  std::string output;
  ToolsOption tools;
};

int CompileTo(const CompileOptionsGiven& options, DriverEnv& env) {
  int status = kExitDone;
  const auto bytes = CompileFile(options.input, true, options.tools, env, status);
  if (!bytes) return status;
  // What is written has been proven: a program that policyd would refuse is our mistake, not news
  // for the morning after.
  if (const auto program = Program::Load(*bytes); !program) {
    env.err << "policyc: the compiled program does not verify: " << program.error().what << "\n";
    return kExitNotRun;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (const auto written = env.files.Write(options.output, text); !written) {
    env.err << "policyc: cannot write `" << options.output << "`: " << written.error() << "\n";
    return kExitNotRun;
  }
  return kExitDone;
}

}  // namespace

CommandRun AddCompileCommand(CLI::App& app) {
  auto options = std::make_shared<CompileOptionsGiven>();
  app.add_option("policy", options->input, "The policy to compile")->required();
  app.add_option("-o,--output", options->output, "Where the program goes: NAME.pbc")->required();
  AddToolsOption(app, options->tools);
  return [options](DriverEnv& env) { return CompileTo(*options, env); };
}

}  // namespace policy
