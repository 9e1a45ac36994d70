// policyd: the gateway in front of MCP servers. Here the compiler and the runtime meet.
#include <iostream>

#include "compiler/file_loader.h"
#include "compiler/folder_reader.h"
#include "grammar/diagnostic_renderer.h"
#include "policy/compiler.h"
#include "runtime/gateway/command_line.h"

namespace {

policy::gateway::LoadedProgram CompileText(const std::string& path, std::string text) {
  const policy::Source source(path, std::move(text));
  policy::Diagnostics diagnostics;
  policy::FileLoader loader(policy::ReadBeside(path));
  const auto bytes = policy::Compile(source, {.loader = &loader}, diagnostics);
  if (bytes) return policy::gateway::LoadProgram(path, *bytes);
  std::string rendered;
  for (const auto& diagnostic : diagnostics.all()) rendered += policy::RenderText(diagnostic, {});
  return std::unexpected(std::move(rendered));
}

}  // namespace

int main(int argc, char** argv) {
  return policy::gateway::RunPolicyd(argc, argv, CompileText, std::cout, std::cerr);
}
