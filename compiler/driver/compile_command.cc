#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "compiler/driver/command.h"
#include "compiler/driver/program_file.h"
#include "runtime/jit/block_shape.h"
#include "runtime/jit/codegen_process.h"
#include "runtime/jit/jit.h"
#include "runtime/jit/native_file.h"

namespace policy {

namespace {

struct CompileOptionsGiven {
  std::string input;
  std::string output;
  std::string native;  // where machine code goes; empty: none is made
  ToolsOption tools;
};

bool WriteFile(const std::string& path, std::string_view bytes, DriverEnv& env) {
  const auto written = env.files.Write(path, bytes);
  if (!written) env.err << "policyc: cannot write `" << path << "`: " << written.error() << "\n";
  return written.has_value();
}

// Blocks that have no machine code are told, and the interpreter's.
int WriteNative(const std::string& path, const Program& program, DriverEnv& env) {
  jit::CodegenProcess process(jit::PathBeside("policyd-codegen"));
  const auto objects = process.Ask(program, jit::AllBlocks(program.layout()));
  if (!objects) {
    env.err << "policyc: no machine code: " << objects.error() << "\n";
    return kExitNotRun;
  }
  for (const jit::BlockObject& object : *objects) {
    if (!object) env.err << "policyc: a tool stays the interpreter's: " << object.error() << "\n";
  }
  return WriteFile(path, jit::WriteNativeFile(program, *objects), env) ? kExitDone : kExitNotRun;
}

int CompileTo(const CompileOptionsGiven& options, DriverEnv& env) {
  int status = kExitDone;
  const auto bytes = CompileFile(options.input, true, options.tools, env, status);
  if (!bytes) return status;
  // What is written has been proven: a program that policyd would refuse is our mistake, not news
  // for the morning after.
  const auto program = Program::Load(*bytes);
  if (!program) {
    env.err << "policyc: the compiled program does not verify: " << program.error().what << "\n";
    return kExitNotRun;
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (!WriteFile(options.output, text, env)) return kExitNotRun;
  return options.native.empty() ? kExitDone : WriteNative(options.native, **program, env);
}

}  // namespace

CommandRun AddCompileCommand(CLI::App& app) {
  auto options = std::make_shared<CompileOptionsGiven>();
  app.add_option("policy", options->input, "The policy to compile")->required();
  app.add_option("-o,--output", options->output, "Where the program goes: NAME.pbc")->required();
  app.add_option("--native", options->native,
                 "Where machine code for policyd run --native goes; only this policyd runs it");
  AddToolsOption(app, options->tools);
  return [options](DriverEnv& env) { return CompileTo(*options, env); };
}

}  // namespace policy
