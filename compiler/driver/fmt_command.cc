#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/program_file.h"
#include "compiler/front_end.h"
#include "grammar/json_document.h"
#include "grammar/json_writer.h"
#include "grammar/policy_text_reader.h"
#include "grammar/policy_text_writer.h"

namespace policy {

namespace {

struct FmtOptions {
  std::vector<std::string> paths;
  bool check = false;
};

// The text laid out anew, or nullopt with a diagnostic: what cannot be read is left alone.
std::optional<std::string> Formatted(const Source& source, Diagnostics& diagnostics) {
  if (IsPolicyJson(source)) {
    const auto document = json::Parse(source, diagnostics);
    if (!document) return std::nullopt;
    return json::Write(*document);
  }
  const auto policy = ReadPolicyTextFile(source, diagnostics);
  if (!policy || diagnostics.has_errors()) return std::nullopt;
  return WritePolicyText(*policy, &source);
}

int Fmt(const FmtOptions& options, DriverEnv& env) {
  const auto sources = ReadPolicies(options.paths, IsPolicyFileName, env.files);
  if (!sources) {
    env.err << "policyc: " << sources.error() << "\n";
    return kExitNotRun;
  }
  int status = kExitDone;
  for (const auto& source : *sources) {
    Diagnostics diagnostics;
    const auto text = Formatted(*source, diagnostics);
    PrintFindings(diagnostics, Severity::Error, env);
    if (!text) {
      status = kExitFindings;
      continue;
    }
    if (*text == source->text()) continue;
    env.out << source->name() << "\n";
    if (options.check) {
      status = kExitFindings;
    } else if (const auto written = env.files.Write(source->name(), *text); !written) {
      env.err << "policyc: cannot write `" << source->name() << "`: " << written.error() << "\n";
      return kExitNotRun;
    }
  }
  return status;
}

}  // namespace

CommandRun AddFmtCommand(CLI::App& app) {
  auto options = std::make_shared<FmtOptions>();
  app.add_option("path", options->paths,
                 "Policies of either form, or directories with policies below")
      ->required();
  app.add_flag("--check", options->check,
               "Change nothing; exit 1 where something would be changed");
  return [options](DriverEnv& env) { return Fmt(*options, env); };
}

}  // namespace policy
