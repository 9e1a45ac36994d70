#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/program_file.h"
#include "compiler/front_end.h"
#include "compiler/ir/print.h"
#include "compiler/passes/pipeline.h"
#include "runtime/program/disassemble.h"

namespace policy {

namespace {

struct DumpOptions {
  std::string input;
  std::string as = "program";
  bool unoptimised = false;
};

int DumpIr(const DumpOptions& options, DriverEnv& env) {
  const auto source = ReadPolicy(options.input, env.files);
  if (!source) {
    env.err << "policyc: " << source.error() << "\n";
    return kExitNotRun;
  }
  Diagnostics diagnostics;
  std::optional<ir::Policy> policy = RunFrontEnd(**source, diagnostics);
  PrintFindings(diagnostics, Severity::Error, env);
  if (!policy) return kExitFindings;
  const ir::Plan plan = MakePlan(*policy, !options.unoptimised);
  env.out << ir::Print(*policy, plan);
  return kExitDone;
}

int DumpProgram(const DumpOptions& options, DriverEnv& env) {
  int status = kExitDone;
  const auto program = LoadFile(options.input, !options.unoptimised, env, status);
  if (program != nullptr) env.out << Disassemble(*program);
  return status;
}

}  // namespace

CommandRun AddDumpCommand(CLI::App& app) {
  auto options = std::make_shared<DumpOptions>();
  app.add_option("policy", options->input, "A policy, or for --as program a compiled one")
      ->required();
  app.add_option("--as", options->as, "What to print: ir or program")
      ->check(CLI::IsMember({"ir", "program"}));
  app.add_flag("--unoptimised", options->unoptimised, "Leave out the optimising passes");
  return [options](DriverEnv& env) {
    return options->as == "ir" ? DumpIr(*options, env) : DumpProgram(*options, env);
  };
}

}  // namespace policy
