#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "compiler/driver/checked_file.h"
#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/tools_option.h"
#include "grammar/diagnostic_renderer.h"
#include "grammar/policy_text_reader.h"
#include "policy/diagnostic.h"

namespace policy {

namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string fail_on = "error";
  bool fix = false;
  ToolsOption tools;
};

Severity SeverityOf(const std::string& name) {
  if (name == "info") return Severity::Info;
  return name == "warning" ? Severity::Warning : Severity::Error;
}

void PrintSummary(std::size_t error_count, std::size_t warning_count, std::size_t file_count,
                  DriverEnv& env) {
  const auto counted = [](std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
  };
  env.err << fmt::format("{}: {}, {}\n", counted(file_count, "file"), counted(error_count, "error"),
                         counted(warning_count, "warning"));
}

// Of the policies without errors.
std::vector<PolicyCost> CostsOf(const std::vector<CheckedFile>& checked) {
  std::vector<PolicyCost> costs;
  for (const CheckedFile& file : checked) {
    if (!file.worst) continue;
    costs.push_back({.file = file.source->name(),
                     .tool = file.worst->tool,
                     .cost = file.worst->cost,
                     .cost_max = kDecisionCostMax});
  }
  return costs;
}

// The policy whose decisions can cost most; where it is one of several, by name. Names alone cost
// nothing.
void PrintDearest(const std::vector<PolicyCost>& costs, DriverEnv& env) {
  const auto dearest = std::ranges::max_element(costs, {}, &PolicyCost::cost);
  if (dearest == costs.end() || dearest->cost == 0) return;
  std::string line =
      fmt::format("a decision costs at most {} of {}", dearest->cost, dearest->cost_max);
  if (!dearest->tool.empty()) line += fmt::format(": `{}`", VisibleText(dearest->tool));
  if (costs.size() > 1) line += fmt::format(" in {}", VisibleText(dearest->file));
  env.err << line << "\n";
}

std::string PlainPath(const std::string& name) {
  return std::filesystem::path(name).lexically_normal().string();
}

// A file without a `default` is no policy but a part of those that include it, and checked with
// them: where it was only found in a directory, it is left out of the run.
void LeaveOutParts(std::vector<CheckedFile>& all, const std::vector<std::string>& given) {
  std::set<std::string> parts;
  for (const CheckedFile& checked : all) {
    for (const Source* part : checked.diagnostics->included()) {
      parts.insert(PlainPath(part->name()));
    }
  }
  std::erase_if(all, [&](const CheckedFile& checked) {
    const std::string& name = checked.source->name();
    return parts.contains(PlainPath(name)) && std::ranges::find(given, name) == given.end() &&
           std::ranges::any_of(checked.diagnostics->all(), IsDefaultMissing);
  });
}

// All files checked, and mended where that is asked for; nullopt: the world is in the way, which
// was printed.
std::optional<std::vector<CheckedFile>> CheckAll(const CheckOptions& options,
                                                 const ToolsInUse& tools, AllowFiles& allow_files,
                                                 DriverEnv& env) {
  auto sources = ReadPolicies(options.paths, IsCheckedFileName, env.files);
  if (!sources) {
    env.err << "policyc: " << sources.error() << "\n";
    return std::nullopt;
  }
  std::vector<CheckedFile> checked;
  for (std::unique_ptr<Source>& source : *sources) {
    const std::string before(source->text());
    CheckedFile file = CheckFile(std::move(source), tools.Options(), allow_files);
    if (options.fix) file = FixFile(std::move(file), tools.Options(), allow_files);
    if (file.source->text() != before) {
      const std::string& name = file.source->name();
      if (const auto written = env.files.Write(name, file.source->text()); !written) {
        env.err << "policyc: cannot write `" << name << "`: " << written.error() << "\n";
        return std::nullopt;
      }
    }
    checked.push_back(std::move(file));
  }
  LeaveOutParts(checked, options.paths);
  return checked;
}

// The findings of all files, and of the files that let findings be.
std::vector<const Diagnostic*> AllFindings(const std::vector<CheckedFile>& checked,
                                           AllowFiles& allow_files) {
  std::vector<const Diagnostic*> findings;
  for (const CheckedFile& file : checked)
    std::ranges::copy(file.findings, std::back_inserter(findings));
  allow_files.CheckServing();
  std::ranges::copy(allow_files.Findings(), std::back_inserter(findings));
  return findings;
}

void Print(const CheckOptions& options, const std::vector<CheckedFile>& checked,
           const std::vector<const Diagnostic*>& findings, DriverEnv& env) {
  if (options.format == "json") {
    env.out << RenderJson(findings, CostsOf(checked));
  } else if (options.format == "sarif") {
    env.out << RenderSarif(findings);
  } else if (options.format == "github") {
    env.out << RenderGithub(findings);
  } else if (options.format == "junit") {
    std::vector<std::string> files;
    for (const CheckedFile& file : checked) files.push_back(file.source->name());
    for (const Diagnostic* finding : findings) {
      if (std::ranges::find(files, finding->root->name()) == files.end()) {
        files.push_back(finding->root->name());
      }
    }
    env.out << RenderJunit(findings, files, SeverityOf(options.fail_on));
  } else {
    for (const Diagnostic* finding : findings) {
      env.err << RenderText(*finding, {.colour = env.err_is_terminal});
    }
    const auto count = [&](Severity severity) {
      return static_cast<std::size_t>(
          std::ranges::count(findings, severity, &Diagnostic::severity));
    };
    PrintSummary(count(Severity::Error), count(Severity::Warning), checked.size(), env);
    PrintDearest(CostsOf(checked), env);
  }
}

int Check(const CheckOptions& options, DriverEnv& env) {
  const auto tools = ToolsInUse::Open(options.tools, env);
  if (!tools) return kExitNotRun;
  AllowFiles allow_files(env.files);
  const auto checked = CheckAll(options, *tools, allow_files, env);
  if (!checked) return kExitNotRun;
  const std::vector<const Diagnostic*> findings = AllFindings(*checked, allow_files);
  Print(options, *checked, findings, env);
  const Severity fail_on = SeverityOf(options.fail_on);
  const bool fails = std::ranges::any_of(
      findings, [&](const Diagnostic* finding) { return finding->severity >= fail_on; });
  return fails ? kExitFindings : kExitDone;
}

}  // namespace

CommandRun AddCheckCommand(CLI::App& app) {
  auto options = std::make_shared<CheckOptions>();
  app.add_option("path", options->paths,
                 "Policies, *.test.json and policyc.json files, or directories with some below")
      ->required();
  app.add_option("--format", options->format,
                 "How to print findings: text, json, sarif, junit or github")
      ->check(CLI::IsMember({"text", "json", "sarif", "junit", "github"}));
  app.add_option("--fail-on", options->fail_on, "Exit 1 from this severity on")
      ->check(CLI::IsMember({"error", "warning", "info"}));
  AddToolsOption(app, options->tools);
  app.add_flag("--fix", options->fix, "Mend in place what has one plain mend");
  return [options](DriverEnv& env) { return Check(*options, env); };
}

}  // namespace policy
