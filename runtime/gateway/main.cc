// policyd: the gateway in front of MCP servers. Here the compiler and the runtime meet.
#include <expected>
#include <iostream>
#include <optional>
#include <string>

#include "compiler/file_loader.h"
#include "compiler/folder_reader.h"
#include "grammar/diagnostic_renderer.h"
#include "policy/compiler.h"
#include "runtime/gateway/command_line.h"

namespace {

policy::gateway::LoadedProgram CompileText(policy::gateway::PolicyText policy) {
  const policy::Source source(policy.path, std::move(policy.text));
  policy::FileLoader loader(policy::ReadBeside(policy.path));
  policy::CompileOptions options{
      .loader = &loader, .tools_beside = "tools.lock.json", .server = policy.server};
  std::optional<policy::Source> tools;
  if (!policy.tools_path.empty()) {
    auto text = policy::gateway::ReadPolicyFile(policy.tools_path);
    if (!text) return std::unexpected(std::move(text.error()));
    options.tools = &tools.emplace(policy.tools_path, *std::move(text));
  }
  policy::Diagnostics diagnostics;
  const auto bytes = policy::Compile(source, options, diagnostics);
  if (bytes) return policy::gateway::LoadProgram(policy.path, *bytes);
  std::string rendered;
  for (const auto& diagnostic : diagnostics.all()) rendered += policy::RenderText(diagnostic, {});
  return std::unexpected(std::move(rendered));
}

}  // namespace

int main(int argc, char** argv) {
  return policy::gateway::RunPolicyd(argc, argv, CompileText, std::cout, std::cerr);
}
