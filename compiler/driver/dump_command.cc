#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/program_file.h"
#include "compiler/front_end.h"
#include "compiler/ir/print.h"
#include "compiler/passes/decision_cost.h"
#include "compiler/passes/pipeline.h"
#include "grammar/ast_printer.h"
#include "runtime/jit/block_shape.h"
#include "runtime/jit/codegen_process.h"
#include "runtime/jit/jit.h"
#include "runtime/program/disassemble.h"

namespace policy {

namespace {

struct DumpOptions {
  std::string input;
  std::string as = "program";
  bool unoptimised = false;
  ToolsOption tools;
};

int DumpSource(const DumpOptions& options, DriverEnv& env) {
  const auto source = ReadPolicy(options.input, env.files);
  if (!source) {
    env.err << "policyc: " << source.error() << "\n";
    return kExitNotRun;
  }
  const auto tools = ToolsInUse::Open(options.tools, env);
  if (!tools) return kExitNotRun;
  Diagnostics diagnostics;
  std::string text;
  if (options.as == "ast") {
    if (const auto syntax = ReadSyntax(**source, tools->Options(), diagnostics)) {
      text = PrintAst(*syntax);
    }
  } else if (auto policy = RunFrontEnd(**source, tools->Options(), diagnostics)) {
    const ir::Plan plan = MakePlan(*policy, !options.unoptimised);
    const DecisionCost worst = WorstDecision(*policy, plan);
    text = ir::Print(*policy, plan);
    text += fmt::format("cost {} of {}", worst.cost, kDecisionCostMax);
    if (!worst.tool.empty()) text += fmt::format(", most for {}", worst.tool);
    text += "\n";
  }
  PrintFindings(diagnostics, Severity::Error, env);
  env.out << text;
  return diagnostics.has_errors() ? kExitFindings : kExitDone;
}

int DumpProgram(const DumpOptions& options, DriverEnv& env) {
  int status = kExitDone;
  const auto program = LoadFile(options.input, !options.unoptimised, options.tools, env, status);
  if (program != nullptr) env.out << Disassemble(*program);
  return status;
}

// What of a block's code is LLVM's, a tool after the other.
int DumpNative(const DumpOptions& options, DriverEnv& env) {
  int status = kExitDone;
  const auto program = LoadFile(options.input, !options.unoptimised, options.tools, env, status);
  if (program == nullptr) return status;
  const Layout& layout = program->layout();
  jit::CodegenProcess process(jit::PathBeside("policyd-codegen"));
  const auto texts = process.Print(*program, jit::AllBlocks(layout));
  if (!texts) {
    env.err << "policyc: no machine code: " << texts.error() << "\n";
    return kExitNotRun;
  }
  for (std::uint32_t block = 0; block < texts->size(); ++block) {
    const auto& text = (*texts)[block];
    env.out << "; " << jit::NameOf(layout, block) << "\n"
            << (text ? *text : "; " + text.error() + "\n") << "\n";
  }
  return status;
}

int Dump(const DumpOptions& options, DriverEnv& env) {
  if (options.as == "program") return DumpProgram(options, env);
  return options.as == "llvm" ? DumpNative(options, env) : DumpSource(options, env);
}

}  // namespace

CommandRun AddDumpCommand(CLI::App& app) {
  auto options = std::make_shared<DumpOptions>();
  app.add_option("policy", options->input,
                 "A policy, or for --as program and --as llvm a compiled one")
      ->required();
  app.add_option("--as", options->as, "What to print: ast, ir, program or llvm")
      ->check(CLI::IsMember({"ast", "ir", "program", "llvm"}));
  app.add_flag("--unoptimised", options->unoptimised, "Leave out the optimising passes");
  AddToolsOption(app, options->tools);
  return [options](DriverEnv& env) { return Dump(*options, env); };
}

}  // namespace policy
