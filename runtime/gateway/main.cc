// policyd: the gateway in front of MCP servers. Here the compiler and the runtime meet.
#include <cstddef>
#include <expected>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/check/allow_file.h"
#include "compiler/file_loader.h"
#include "compiler/folder_reader.h"
#include "compiler/open_findings.h"
#include "grammar/diagnostic_renderer.h"
#include "policy/compiler.h"
#include "runtime/gateway/command_line.h"

namespace {

using policy::gateway::FileState;
using policy::gateway::LoadedPolicy;

constexpr std::size_t kWarningsShownMax = 20;

// Reads as `read` does, and notes what it found.
policy::FileLoader::Read Noted(policy::FileLoader::Read read, std::vector<FileState>& files) {
  return [read = std::move(read), &files](const std::string& path) {
    auto text = read(path);
    files.push_back(text && *text ? policy::gateway::StateOf(path, **text)
                                  : policy::gateway::StateOf(path));
    return text;
  };
}

// The warnings that their author has not let be.
std::vector<std::string> WarningLines(const policy::Source& source,
                                      const policy::CompileOptions& options,
                                      const policy::Diagnostics& diagnostics) {
  policy::FileLoader beside(policy::ReadBeside(source.name()));
  const auto allow_file = beside.LoadIfThere(source, policy::kAllowFileName);
  std::vector<std::string> lines;
  std::size_t left_out_count = 0;
  for (const policy::Diagnostic* finding :
       policy::OpenFindings(source, allow_file ? *allow_file : nullptr, options, diagnostics)) {
    if (finding->severity != policy::Severity::Warning) continue;
    if (lines.size() < kWarningsShownMax) {
      lines.push_back(policy::RenderHead(*finding, {}));
    } else {
      ++left_out_count;
    }
  }
  if (left_out_count != 0) {
    lines.push_back(std::to_string(left_out_count) + " more warnings: policyc check shows them");
  }
  return lines;
}

LoadedPolicy CompileText(policy::gateway::PolicyText policy) {
  LoadedPolicy loaded{.program = nullptr, .files = {}, .warnings = {}};
  const policy::Source source(policy.path, std::move(policy.text));
  policy::FileLoader loader(Noted(policy::ReadBeside(policy.path), loaded.files));
  policy::CompileOptions options{
      .loader = &loader, .tools_beside = "tools.lock.json", .server = policy.server};
  std::optional<policy::Source> tools;
  if (!policy.tools_path.empty()) {
    auto text = policy::gateway::ReadPolicyFile(policy.tools_path);
    if (!text) {
      loaded.program = std::unexpected(std::move(text.error()));
      return loaded;
    }
    loaded.files.push_back(policy::gateway::StateOf(policy.tools_path, *text));
    options.tools = &tools.emplace(policy.tools_path, *std::move(text));
  }
  policy::Diagnostics diagnostics;
  const auto bytes = policy::Compile(source, options, diagnostics);
  if (bytes) {
    loaded.program = policy::gateway::LoadProgram(policy.path, *bytes);
    loaded.warnings = WarningLines(source, options, diagnostics);
    return loaded;
  }
  std::string rendered;
  for (const auto& diagnostic : diagnostics.all()) rendered += policy::RenderText(diagnostic, {});
  loaded.program = std::unexpected(std::move(rendered));
  return loaded;
}

}  // namespace

int main(int argc, char** argv) {
  return policy::gateway::RunPolicyd(argc, argv, CompileText, std::cout, std::cerr);
}
