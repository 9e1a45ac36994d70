#include "compiler/driver/program_file.h"

#include <ostream>
#include <span>
#include <string_view>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "grammar/diagnostic_renderer.h"
#include "policy/compiler.h"
#include "runtime/program/format.h"

namespace policy {
namespace {

bool IsProgram(std::string_view bytes) {
  return bytes.starts_with(std::string_view(format::kMagic.data(), format::kMagic.size()));
}

std::optional<std::vector<std::byte>> CompileSource(const Source& source, bool optimise,
                                                    const ToolsOption& option, Severity from,
                                                    DriverEnv& env, int& status) {
  const auto tools = ToolsInUse::Open(option, env);
  if (!tools) {
    status = kExitNotRun;
    return std::nullopt;
  }
  Diagnostics diagnostics;
  auto bytes = Compile(source, tools->Options(optimise), diagnostics);
  PrintFindings(diagnostics, from, env);
  if (!bytes) status = kExitFindings;
  return bytes;
}

}  // namespace

void PrintFindings(const Diagnostics& diagnostics, Severity from, DriverEnv& env) {
  for (const Diagnostic& finding : diagnostics.all()) {
    if (finding.severity < from) continue;
    env.err << RenderText(finding, {.colour = env.err_is_terminal});
  }
}

std::optional<std::vector<std::byte>> CompileFile(const std::string& path, bool optimise,
                                                  const ToolsOption& tools, DriverEnv& env,
                                                  int& status) {
  const auto source = ReadPolicy(path, env.files);
  if (!source) {
    env.err << "policyc: " << source.error() << "\n";
    status = kExitNotRun;
    return std::nullopt;
  }
  return CompileSource(**source, optimise, tools, Severity::Info, env, status);
}

std::shared_ptr<const Program> LoadFile(const std::string& path, bool optimise,
                                        const ToolsOption& tools, DriverEnv& env, int& status) {
  const auto source = ReadPolicy(path, env.files);
  if (!source) {
    env.err << "policyc: " << source.error() << "\n";
    status = kExitNotRun;
    return nullptr;
  }
  const std::string_view text = (*source)->text();
  std::optional<std::vector<std::byte>> compiled;
  std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  if (!IsProgram(text)) {
    compiled = CompileSource(**source, optimise, tools, Severity::Error, env, status);
    if (!compiled) return nullptr;
    bytes = *compiled;
  }
  auto program = Program::Load(bytes);
  if (!program) {
    env.err << "policyc: `" << path << "` is refused: " << program.error().what << "\n";
    status = kExitNotRun;
    return nullptr;
  }
  return *std::move(program);
}

}  // namespace policy
