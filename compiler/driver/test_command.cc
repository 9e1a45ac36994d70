#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "compiler/driver/command.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/program_file.h"
#include "compiler/driver/test_files.h"
#include "compiler/driver/tools_option.h"
#include "compiler/front_end.h"
#include "compiler/testing/coverage.h"
#include "compiler/testing/report.h"
#include "compiler/testing/run.h"
#include "compiler/testing/test_file.h"
#include "grammar/policy_text_reader.h"
#include "policy/compiler.h"

namespace policy {

namespace {

struct TestOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string server;
  std::string filter;
  bool coverage = false;
  std::optional<double> coverage_min_percent;
  ToolsOption tools;

  bool takes_coverage() const { return coverage || coverage_min_percent.has_value(); }
};

struct CompiledPolicy {
  std::optional<ToolsInUse> tools;
  std::unique_ptr<Source> source;
  std::shared_ptr<const Program> program;  // null: there is none, which was printed
  std::unique_ptr<Coverage> coverage;      // null: not asked for
};

// One run of the command: what was read and compiled, and what came of it.
class TestRun {
 public:
  TestRun(const TestOptions& options, DriverEnv& env) : options_(options), env_(env) {}

  int Run() {
    const auto paths = FindTests(options_.paths, env_.files);
    if (!paths) {
      env_.err << "policyc: " << paths.error() << "\n";
      return kExitNotRun;
    }
    for (const std::string& path : paths->policies) RunBlocks(path);
    for (const std::string& path : paths->test_files) RunFile(path, nullptr);
    for (const std::string& path : paths->beside) RunFile(path, &paths->policies);
    return Conclude();
  }

 private:
  // Runs the test blocks of the policy at `path`.
  void RunBlocks(const std::string& path) {
    const auto tools =
        ToolsInUse::Open({.path = options_.tools.path, .server = options_.server}, env_);
    const auto source = ReadPolicy(path, env_.files);
    if (!tools || !source) return CannotRun(tools ? source.error() : "there is no lock");
    Diagnostics diagnostics;  // printed when it is compiled
    auto syntax = ReadSyntax(**source, tools->Options(), diagnostics);
    // What other policies include is no policy, and what has no tests is for `policyc check`.
    if (std::ranges::any_of(diagnostics.all(), IsDefaultMissing)) return;
    if (syntax && syntax->tests.empty()) return;
    CompiledPolicy* policy = Compiled(path, options_.tools.path);
    if (policy == nullptr) return;
    Diagnostics repeated;
    syntax = ReadSyntax(*policy->source, policy->tools->Options(), repeated);
    if (!syntax) return;
    Suite& suite = suites_.emplace_back();
    suite.source = policy->source.get();
    suite.tests = std::move(syntax->tests);
    RunTests(suite, *policy);
  }

  // Runs the test file at `path`; where `policies` are given, only if it names one of them.
  void RunFile(const std::string& path, const std::vector<std::string>* policies) {
    auto source = ReadPolicy(path, env_.files);
    if (!source) return CannotRun(source.error());
    Diagnostics diagnostics;
    auto suite = ReadTestFile(**source, diagnostics);
    const std::string policy_path = suite ? PathBeside(path, suite->policy->text) : "";
    if (suite && policies != nullptr &&
        std::ranges::find(*policies, policy_path) == policies->end()) {
      return;
    }
    PrintFindings(diagnostics, Severity::Info, env_);
    sources_.push_back(*std::move(source));
    if (!suite) {
      could_run_ = false;
      return;
    }
    std::string tools_path = options_.tools.path;
    if (tools_path.empty() && suite->tools) tools_path = PathBeside(path, suite->tools->text);
    CompiledPolicy* policy = Compiled(policy_path, tools_path);
    if (policy == nullptr) return;
    RunTests(suites_.emplace_back(*std::move(suite)), *policy);
  }

  void RunTests(const Suite& suite, CompiledPolicy& policy) {
    const RunOptions run{.server = options_.server, .filter = options_.filter};
    const SuiteResult& result =
        results_.emplace_back(RunSuite(suite, policy.program, run, policy.coverage.get()));
    if (options_.format == "text" && !result.tests.empty()) {
      env_.out << RenderSuite(result, {.colour = env_.out_is_terminal});
      env_.out.flush();
    }
  }

  // The policy under its lock, compiled once. Null: it cannot be, which was printed.
  CompiledPolicy* Compiled(const std::string& path, const std::string& tools_path) {
    const auto [known, is_new] = policies_.try_emplace({path, tools_path});
    if (is_new) known->second = Compile(path, tools_path);
    if (known->second.program == nullptr) could_run_ = false;
    return known->second.program == nullptr ? nullptr : &known->second;
  }

  CompiledPolicy Compile(const std::string& path, const std::string& tools_path) {
    CompiledPolicy policy;
    policy.tools = ToolsInUse::Open({.path = tools_path, .server = options_.server}, env_);
    if (!policy.tools) return policy;
    auto source = ReadPolicy(path, env_.files);
    if (!source) {
      CannotRun(source.error());
      return policy;
    }
    policy.source = *std::move(source);
    Diagnostics diagnostics;
    const auto bytes = policy::Compile(*policy.source, policy.tools->Options(false), diagnostics);
    PrintFindings(diagnostics, Severity::Error, env_);
    if (!bytes) return policy;
    auto program = Program::Load(*bytes);
    if (program) {
      policy.program = *std::move(program);
      if (options_.takes_coverage()) policy.coverage = std::make_unique<Coverage>(policy.program);
    } else {
      CannotRun("`" + path + "` is refused: " + program.error().what);
    }
    return policy;
  }

  void CannotRun(const std::string& why) {
    env_.err << "policyc: " << why << "\n";
    could_run_ = false;
  }

  int Conclude() {
    const bool has_tests = std::ranges::any_of(
        results_, [](const SuiteResult& result) { return !result.tests.empty(); });
    if (could_run_ && !has_tests) {
      CannotRun(options_.filter.empty()
                    ? "no tests: write `test` blocks in the policy, or a *.test.json beside it"
                    : "no test has `" + options_.filter + "` in its name");
    }
    const std::vector<const Coverage*> coverages = Coverages();
    Print(has_tests, coverages);
    const bool is_covered = IsCovered(coverages);
    if (!could_run_) return kExitNotRun;
    const bool has_failed = std::ranges::any_of(
        results_, [](const SuiteResult& result) { return result.failed_count() != 0; });
    return has_failed || !is_covered ? kExitFindings : kExitDone;
  }

  std::vector<const Coverage*> Coverages() const {
    std::vector<const Coverage*> coverages;
    for (const auto& [paths, policy] : policies_) {
      if (policy.coverage != nullptr) coverages.push_back(policy.coverage.get());
    }
    return coverages;
  }

  // What is left to print once all has run.
  void Print(bool has_tests, const std::vector<const Coverage*>& coverages) {
    if (options_.format == "junit") {
      env_.out << RenderJunit(results_);
    } else if (options_.format == "json") {
      env_.out << RenderTestsJson(results_, coverages);
    } else if (has_tests) {
      env_.out << RenderTotals(results_, {.colour = env_.out_is_terminal});
      for (const Coverage* coverage : coverages) env_.out << RenderCoverage(*coverage);
    }
  }

  // Whether the tests saw as much as was asked for; prints it where they did not.
  bool IsCovered(const std::vector<const Coverage*>& coverages) {
    if (!options_.coverage_min_percent) return true;
    std::size_t seen_count = 0;
    std::size_t possible_count = 0;
    for (const Coverage* coverage : coverages) {
      seen_count += coverage->seen_count();
      possible_count += coverage->possible_count();
    }
    if (CoveragePercent(seen_count, possible_count) >= *options_.coverage_min_percent) return true;
    env_.err << fmt::format("policyc: coverage is {}, below {}%\n",
                            ShareText(seen_count, possible_count), *options_.coverage_min_percent);
    return false;
  }

  const TestOptions& options_;
  DriverEnv& env_;
  std::map<std::pair<std::string, std::string>, CompiledPolicy> policies_;  // by path and lock
  std::vector<std::unique_ptr<Source>> sources_;                            // of test files
  std::deque<Suite> suites_;
  std::vector<SuiteResult> results_;
  bool could_run_ = true;
};

}  // namespace

CommandRun AddTestCommand(CLI::App& app) {
  auto options = std::make_shared<TestOptions>();
  app.add_option("path", options->paths,
                 "Policies, *.test.json files, or directories with either below")
      ->required();
  app.add_option("--format", options->format, "How to print results: text, junit or json")
      ->check(CLI::IsMember({"text", "junit", "json"}));
  app.add_flag("--coverage", options->coverage,
               "Print which outcomes of each rule and condition the tests saw");
  app.add_option("--coverage-min", options->coverage_min_percent,
                 "Exit 1 where the tests saw less of all outcomes")
      ->type_name("PERCENT")
      ->check(CLI::Range(0, 100));
  app.add_option("--server", options->server, "The server that is called where a call names none");
  AddToolsOption(app, options->tools);
  app.add_option("--filter", options->filter, "Run only tests with this text in their name");
  return [options](DriverEnv& env) { return TestRun(*options, env).Run(); };
}

}  // namespace policy
