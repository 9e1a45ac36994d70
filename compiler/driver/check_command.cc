#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_check.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/tools_option.h"
#include "grammar/diagnostic_renderer.h"

namespace policy {

namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string fail_on = "error";
  bool fix = false;
  ToolsOption tools;
};

// Every finding about one file, by place and then in the order found.
std::vector<const Diagnostic*> ByPlace(const Diagnostics& diagnostics) {
  std::vector<const Diagnostic*> findings;
  for (const Diagnostic& diagnostic : diagnostics.all()) findings.push_back(&diagnostic);
  std::ranges::stable_sort(findings, {}, [](const Diagnostic* d) { return d->span.begin; });
  return findings;
}

// The text with every fix applied, from the back so that places stay right. A fix that reaches into
// one that was applied is left for the next run.
std::string ApplyFixes(const Source& source, const Diagnostics& diagnostics) {
  std::string text(source.text());
  std::vector<const Fix*> fixes;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.fix) fixes.push_back(&*diagnostic.fix);
  }
  std::ranges::stable_sort(fixes, std::greater{}, [](const Fix* fix) { return fix->span.begin; });
  std::size_t free_end = text.size();
  for (const Fix* fix : fixes) {
    if (fix->span.end > free_end) continue;
    text.replace(fix->span.begin, fix->span.end - fix->span.begin, fix->text);
    free_end = fix->span.begin;
  }
  return text;
}

constexpr int kFixRoundsMax = 8;  // a mend can bring a mistake to light that hid behind it

// Mends what has a fix, and replaces `source` and `diagnostics` by those of the mended file.
std::expected<void, std::string> Fixed(std::unique_ptr<Source>& source,
                                       std::unique_ptr<Diagnostics>& diagnostics,
                                       const CompileOptions& compile, Files& files) {
  const std::string before(source->text());
  for (int round = 0; round < kFixRoundsMax; ++round) {
    std::string text = ApplyFixes(*source, *diagnostics);
    if (text == source->text()) break;
    source = std::make_unique<Source>(source->name(), std::move(text));
    diagnostics = std::make_unique<Diagnostics>();
    CheckPolicySource(*source, compile, *diagnostics);
  }
  if (source->text() == before) return {};
  return files.Write(source->name(), source->text());
}

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

int Check(const CheckOptions& options, DriverEnv& env) {
  auto sources = ReadPolicies(options.paths, env.files);
  if (!sources) {
    env.err << "policyc: " << sources.error() << "\n";
    return kExitNotRun;
  }
  const auto tools = ToolsInUse::Open(options.tools, env);
  if (!tools) return kExitNotRun;
  std::vector<std::unique_ptr<Diagnostics>> sinks;
  std::vector<const Diagnostic*> findings;
  for (std::unique_ptr<Source>& source : *sources) {
    auto diagnostics = std::make_unique<Diagnostics>();
    CheckPolicySource(*source, tools->Options(), *diagnostics);
    if (options.fix) {
      if (const auto fixed = Fixed(source, diagnostics, tools->Options(), env.files); !fixed) {
        env.err << "policyc: cannot write `" << source->name() << "`: " << fixed.error() << "\n";
        return kExitNotRun;
      }
    }
    std::ranges::copy(ByPlace(*diagnostics), std::back_inserter(findings));
    sinks.push_back(std::move(diagnostics));
  }
  const auto count = [&](Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(findings, severity, &Diagnostic::severity));
  };
  if (options.format == "json") {
    env.out << RenderJson(findings);
  } else {
    for (const Diagnostic* finding : findings) {
      env.err << RenderText(*finding, {.colour = env.err_is_terminal});
    }
    PrintSummary(count(Severity::Error), count(Severity::Warning), sources->size(), env);
  }
  const Severity fail_on = SeverityOf(options.fail_on);
  const bool fails = std::ranges::any_of(
      findings, [&](const Diagnostic* finding) { return finding->severity >= fail_on; });
  return fails ? kExitFindings : kExitDone;
}

}  // namespace

CommandRun AddCheckCommand(CLI::App& app) {
  auto options = std::make_shared<CheckOptions>();
  app.add_option("path", options->paths,
                 "Policies, or directories with policy.json and *.policy.json below")
      ->required();
  app.add_option("--format", options->format, "How to print findings: text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--fail-on", options->fail_on, "Exit 1 from this severity on")
      ->check(CLI::IsMember({"error", "warning", "info"}));
  AddToolsOption(app, options->tools);
  app.add_flag("--fix", options->fix, "Mend in place what has one plain mend");
  return [options](DriverEnv& env) { return Check(*options, env); };
}

}  // namespace policy
