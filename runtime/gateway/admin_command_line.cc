#include "runtime/gateway/admin_command_line.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "runtime/gateway/access/grants_command.h"
#include "runtime/gateway/config/check_config.h"
#include "runtime/limits/system_clock.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

CLI::App& AddAction(CLI::App& grants, GrantsOptions& options, GrantsAction action,
                    const std::string& name, const std::string& what) {
  CLI::App& command = *grants.add_subcommand(name, what);
  command.callback([&options, action] { options.action = action; });
  CLI::Option_group& files = *command.add_option_group("file");
  files.add_option("--grants", options.grants_path, "the file of the grants")->type_name("FILE");
  files.add_option("--config", options.config_path, "policyd.json, which names the files")
      ->type_name("FILE");
  files.require_option(1);
  return command;
}

void AddSwitch(CLI::App& command, GrantsOptions& options) {
  command.add_option("--grant", options.id, "calls of this grant");
  command.add_option("--server", options.server, "calls to this server");
  command.add_option("--tool", options.tool, "calls of this tool, as its server names it");
}

void AddAdd(CLI::App& command, GrantsOptions& options) {
  command.add_option("id", options.id, "what counters, rules and logs call it")->required();
  command.add_option("--label", options.label, "for people");
  command.add_option("--expires", options.expires, "a time in UTC, or how long: 30d, 12h");
  command.add_option("--tag", options.tags, "a tag that rules see; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--attributes", options.attributes, "a JSON object that rules see");
  command.add_option("--max-in-flight", options.in_flight_max, "calls at once");
  command.add_option("--server", options.servers, "a server that it may use [default: all]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--policy", options.policies,
                  "SERVER=FILE: its policy there, instead of the server's own")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--no-token", options.has_no_token,
                   "for callers who are known by OAuth or by a certificate");
}

}  // namespace

AdminRun AddGrantsCommand(CLI::App& app) {
  auto options = std::make_shared<GrantsOptions>();
  CLI::App& grants = *app.add_subcommand("grants", "who may call `policyd serve`");
  grants.require_subcommand(1);
  using enum GrantsAction;
  AddAdd(AddAction(grants, *options, Add, "add", "a new grant; prints its token, once"), *options);
  CLI::App& list = AddAction(grants, *options, List, "list", "the grants, and what is disabled");
  list.add_flag("--json", options->is_json, "a JSON line for each grant");
  AddAction(grants, *options, Revoke, "revoke", "ends a grant, from its next call on")
      .add_option("id", options->id, "the grant")
      ->required();
  CLI::App& rotate = AddAction(grants, *options, Rotate, "rotate", "gives a grant a new token");
  rotate.add_option("id", options->id, "the grant")->required();
  rotate.add_option("--overlap", options->overlap,
                    "how long the old token still counts: 1h, 7d [default: not at all]");
  CLI::App& disable =
      AddAction(grants, *options, Disable, "disable", "switches calls off, whatever policies say");
  AddSwitch(disable, *options);
  disable.add_option("--because", options->because, "what callers are told");
  AddSwitch(AddAction(grants, *options, Enable, "enable", "switches them on again"), *options);
  return [options](std::ostream& out, std::ostream& err) {
    SystemClock clock;
    return RunGrants(*options, clock.WallNanoseconds() / kNanosecondsPerSecond, out, err);
  };
}

AdminRun AddCheckConfigCommand(CLI::App& app, const CompilePolicy& compile) {
  auto path = std::make_shared<std::string>();
  CLI::App& check = *app.add_subcommand(
      "check-config", "reads a configuration of `policyd serve` and all that it names");
  check.add_option("file", *path, "policyd.json")->required()->type_name("FILE");
  return [path, &compile](std::ostream& out, std::ostream& err) {
    return CheckConfig(*path, compile, out, err);
  };
}

}  // namespace policy::gateway
