#include "runtime/gateway/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <ostream>

#include "runtime/gateway/admin/limits_command.h"
#include "runtime/gateway/admin_command_line.h"
#include "runtime/gateway/run_command.h"
#include "runtime/gateway/serve/serve_command.h"
#include "runtime/mcp/method_policy.h"

namespace policy::gateway {
namespace {

constexpr std::array<std::string_view, 2> kNotBuiltYet = {"approvals", "audit"};

// Why a value cannot be used, or empty: what CLI11 calls a validator.
std::string CheckPassedMethod(const std::string& method) {
  if (mcp::ClassOf(method) != mcp::MethodClass::ToolsCall) return "";
  return "every tools/call is decided by the policy: it cannot be passed";
}

std::string CheckName(const std::string& name) {
  const bool is_plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7F'; });
  return is_plain && !name.empty() ? "" : "a name has visible ASCII characters only";
}

void AddStoreOptions(CLI::App& run, RunOptions& options) {
  const auto store =
      run.add_option("--store", options.store_url,
                     "Redis of the counters, shared with other replicas: redis://HOST[:PORT], "
                     "rediss://…, redis+unix:///PATH, redis+sentinel://HOST,…/MASTER")
          ->excludes("--state")
          ->excludes("--private-state")
          ->type_name("URL");
  run.add_option("--store-password-file", options.store_password_path,
                 "its password, in a file [default: the environment's POLICYD_STORE_PASSWORD]")
      ->needs(store)
      ->type_name("FILE");
  run.add_option("--store-ca", options.store_ca_path,
                 "who signs its certificate, PEM [default: whom the system trusts]")
      ->needs(store)
      ->type_name("FILE");
}

void AddRunOptions(CLI::App& run, RunOptions& options) {
  run.add_option("--policy", options.policy_path,
                 "NAME.policy, policy.json, or what policyc compile made of them")
      ->required()
      ->type_name("FILE");
  run.add_option(
         "--server", options.server,
         "name of the server, as counters and rules know it [default: the one that the lock "
         "is about, else `default`]")
      ->check(CheckName);
  run.add_option("--grant", options.grant, "who calls, as counters and rules know it")
      ->check(CheckName)
      ->capture_default_str();
  const auto state = run.add_option("--state", options.state_directory,
                                    "folder of the counters, shared with your other policyd")
                         ->type_name("DIR");
  run.add_flag("--private-state", options.has_private_state,
               "count for this process alone: limits then hold once per process")
      ->excludes(state);
  AddStoreOptions(run, options);
  run.add_flag("--init-state", options.makes_pool,
               "let counters begin in the state folder or the store where there are none, or where "
               "those of before are lost");
  run.add_option("--reset", options.may_reset,
                 "let an edit of the policy begin this counter anew though it counts an amount or "
                 "for a lifetime; may be repeated")
      ->type_name("COUNTER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  run.add_option("--admin", options.admin_directory,
                 "folder where `policyd limits` finds this process [default: the state folder]")
      ->type_name("DIR");
  run.add_option("--log", options.log_path, "append the decision log to this file")
      ->type_name("FILE");
  run.add_option_function<std::string>(
         "--log-arguments", [&](const std::string&) { options.logs_argument_values = true; },
         "`full`: log the values of arguments too")
      ->check(CLI::IsMember({"full"}));
  run.add_option("--pass", options.passed_methods,
                 "let this method through whatever the policy's default is; may be repeated")
      ->check(CheckPassedMethod)
      ->type_name("METHOD")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  run.add_option("--jit", options.jit,
                 "`auto`: machine code for tools that are called often and have many conditions; "
                 "`always`: for every tool; `off`: none [default: off]")
      ->transform(CLI::Transformer(std::map<std::string, JitMode>{
          {"off", JitMode::Off}, {"auto", JitMode::Auto}, {"always", JitMode::Always}}))
      ->type_name("MODE");
  run.add_option("--native", options.native_path,
                 "machine code of the policy, as policyc compile --native wrote it")
      ->type_name("FILE");
  run.add_flag("--jit-perf-map", options.writes_perf_map,
               "tell perf which machine code is whose, in /tmp/perf-PID.map");
  run.add_flag("--jit-debugger", options.tells_debuggers,
               "tell debuggers which machine code is whose; keeps a copy of it in memory");
  run.add_option("--tools", options.tools_path,
                 "the lock of reviewed tools; else what the policy says, else tools.lock.json "
                 "beside it")
      ->type_name("LOCK");
}

}  // namespace

int RunPolicyd(int argc, const char* const* argv, const CompilePolicy& compile, std::ostream& out,
               std::ostream& err) {
  // What stands behind `--` is the server's, whatever it looks like.
  const char* const* const end = argv + argc;
  const char* const* const split = std::find(argv, end, std::string_view("--"));
  RunOptions options;
  if (split != end) options.command.assign(split + 1, end);

  CLI::App app(
      "policyd stands in front of an MCP server and lets no tool call pass that the policy "
      "does not permit.",
      "policyd");
  app.set_version_flag("--version", "policyd " POLICY_VERSION);
  app.require_subcommand(1);
  CLI::App& run = *app.add_subcommand("run", "run one server over stdio, behind a policy");
  run.footer("policyd run --policy FILE [OPTIONS] -- COMMAND…");
  AddRunOptions(run, options);
  LimitsOptions limits_options;
  const CLI::App& limits = AddLimitsCommand(app, limits_options);
  ServeOptions serve_options;
  CLI::App& serve =
      *app.add_subcommand("serve", "serve many servers over HTTP, each behind its policies");
  serve.add_option("--config", serve_options.config_path, "policyd.json")
      ->required()
      ->type_name("FILE");
  serve.add_flag("--init-state", serve_options.makes_state,
                 "begin the counters that last, where there are none yet");
  const std::map<std::string, AdminRun> admin = {
      {"grants", AddGrantsCommand(app)}, {"check-config", AddCheckConfigCommand(app, compile)}};
  for (const std::string_view name : kNotBuiltYet) {
    app.add_subcommand(std::string(name), "not built yet")->allow_extras();
  }
  try {
    app.parse(static_cast<int>(split - argv), argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error, out, err);
    return status == 0 ? 0 : kExitNotRun;
  }
  if (limits.parsed()) return RunLimitsCommand(limits, limits_options, out, err);
  if (serve.parsed()) return RunServe(serve_options, compile);
  if (!run.parsed()) {
    const std::string name = app.get_subcommands().front()->get_name();
    if (const auto found = admin.find(name); found != admin.end()) return found->second(out, err);
    err << "policyd: `" << name << "` is not built yet\n";
    return kExitNotRun;
  }
  if (options.command.empty()) {
    err << "policyd: the server's command is missing: policyd run --policy FILE -- COMMAND…\n";
    return kExitNotRun;
  }
  return RunServer(options, compile);
}

}  // namespace policy::gateway
