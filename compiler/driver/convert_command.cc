#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/program_file.h"
#include "compiler/driver/tools_option.h"
#include "compiler/front_end.h"
#include "grammar/policy_json_writer.h"
#include "grammar/policy_text_writer.h"
#include "grammar/text_from_json.h"

namespace policy {

namespace {

struct ConvertOptions {
  std::string input;
  std::string output;
};

// The policy in the form that the output's name asks for. nullopt: reported.
std::optional<std::string> Converted(const ast::Policy& policy, const Source& source, bool to_json,
                                     Diagnostics& diagnostics) {
  const bool is_json = policy.form == ast::Form::Json;
  if (to_json) {
    return WritePolicyJson(is_json ? ToTextForm(policy) : policy, source, diagnostics);
  }
  return is_json ? WritePolicyText(ToTextForm(policy), nullptr) : WritePolicyText(policy, &source);
}

int Convert(const ConvertOptions& options, DriverEnv& env) {
  const std::string_view output = options.output;
  const bool to_json = output.ends_with(".json");
  if (!to_json && !output.ends_with(".policy")) {
    env.err << "policyc: `" << output << "` ends neither with .json nor with .policy\n";
    return kExitNotRun;
  }
  const auto source = ReadPolicy(options.input, env.files);
  if (!source) {
    env.err << "policyc: " << source.error() << "\n";
    return kExitNotRun;
  }
  const auto tools = ToolsInUse::Open({}, env);
  if (!tools) return kExitNotRun;
  Diagnostics diagnostics;
  std::optional<std::string> text;
  const auto policy = ReadSyntax(**source, tools->Options(), diagnostics);
  if (policy && !diagnostics.has_errors()) {
    text = Converted(*policy, **source, to_json, diagnostics);
  }
  PrintFindings(diagnostics, Severity::Warning, env);
  if (!text) return kExitFindings;
  if (const auto written = env.files.Write(options.output, *text); !written) {
    env.err << "policyc: cannot write `" << output << "`: " << written.error() << "\n";
    return kExitNotRun;
  }
  return kExitDone;
}

}  // namespace

CommandRun AddConvertCommand(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  app.add_option("policy", options->input, "A policy of either form")->required();
  app.add_option("-o,--output", options->output, "Where it goes: NAME.policy, or NAME.json")
      ->required();
  return [options](DriverEnv& env) { return Convert(*options, env); };
}

}  // namespace policy
