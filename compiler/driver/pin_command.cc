#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/http_connection.h"
#include "compiler/catalog/lock_changes.h"
#include "compiler/catalog/stdio_connection.h"
#include "compiler/catalog/tool_lock.h"
#include "compiler/catalog/tools_query.h"
#include "compiler/driver/command.h"
#include "compiler/driver/program_file.h"

namespace policy {

namespace {

using catalog::LockedServer;
using catalog::ToolChange;
using catalog::ToolLock;

struct PinOptions {
  std::vector<std::string> command;
  std::string url;
  std::string tools_path;
  std::string output = "tools.lock.json";
  std::string server;
  bool verifies = false;
};

// What the source says of its tools: a text that ReadToolLock reads, and the server's own name.
struct Account {
  std::string name;  // of the text, in messages
  std::string text;
  std::string server;
};

std::expected<Account, std::string> AskSource(const PinOptions& options, DriverEnv& env) {
  if (!options.tools_path.empty()) {
    auto text = env.files.Read(options.tools_path);
    if (!text) {
      return std::unexpected("cannot read `" + options.tools_path + "`: " + text.error());
    }
    return Account{options.tools_path, *std::move(text), options.server};
  }
  auto connection =
      options.url.empty() ? catalog::StartServer(options.command) : catalog::ConnectTo(options.url);
  if (!connection) return std::unexpected(std::move(connection.error()));
  auto tools = catalog::AskForTools(**connection);
  if (!tools) return std::unexpected(std::move(tools.error()));
  return Account{"answer to tools/list", std::move(tools->list),
                 options.server.empty() ? tools->server : options.server};
}

// The one server that the account is about. nullopt: said why.
std::optional<LockedServer> ReadAccount(const PinOptions& options, const Source& source,
                                        const Account& account, DriverEnv& env) {
  Diagnostics diagnostics;
  auto lock = catalog::ReadToolLock(source, account.server, diagnostics);
  PrintFindings(diagnostics, Severity::Error, env);
  if (!lock) return std::nullopt;
  const LockedServer* server = lock->servers.size() == 1 ? &lock->servers[0] : nullptr;
  if (server == nullptr && !options.server.empty()) server = lock->Find(options.server);
  if (server == nullptr) {
    env.err << "policyc: `" << account.name
            << "` has the tools of several servers: say which with --server\n";
    return std::nullopt;
  }
  return *server;
}

// A server's words on their way to a terminal.
std::string Shown(std::string_view name) {
  const std::string quoted = catalog::ReviewableJsonOf(name);
  return quoted.substr(1, quoted.size() - 2);
}

void PrintChanges(const std::vector<ToolChange>& changes, const LockedServer& server,
                  DriverEnv& env) {
  for (const ToolChange& change : changes) {
    constexpr std::string_view kWords[] = {"new      ", "changed  ", "gone     "};
    env.out << kWords[static_cast<std::size_t>(change.kind)] << Shown(change.tool);
    for (const std::string& part : change.parts) {
      env.out << (part == change.parts.front() ? ": " : ", ") << part;
    }
    env.out << "\n";
  }
  env.out << fmt::format("server {}: {} tools, {} changes\n", Shown(server.name),
                         server.tools.size(), changes.size());
}

int Pin(const PinOptions& options, DriverEnv& env) {
  const int sources = (options.command.empty() ? 0 : 1) + (options.url.empty() ? 0 : 1) +
                      (options.tools_path.empty() ? 0 : 1);
  if (sources != 1) {
    env.err << "policyc: say once where the tools are: -- COMMAND…, --url URL or --tools FILE\n";
    return kExitNotRun;
  }
  // The old lock first: where it is unusable the server need not be asked.
  ToolLock lock;
  const auto kind = env.files.KindOf(options.output);
  std::unique_ptr<const Source> old_source;
  if (kind != Files::Kind::Missing) {
    auto text = env.files.Read(options.output);
    if (!text) {
      env.err << "policyc: cannot read `" << options.output << "`: " << text.error() << "\n";
      return kExitNotRun;
    }
    old_source = std::make_unique<const Source>(options.output, *std::move(text));
    Diagnostics diagnostics;
    auto old_lock = catalog::ReadToolLock(*old_source, "", diagnostics);
    PrintFindings(diagnostics, Severity::Error, env);
    if (!old_lock) return kExitNotRun;
    lock = *std::move(old_lock);
  } else if (options.verifies) {
    env.err << "policyc: there is no `" << options.output << "` to verify\n";
    return kExitNotRun;
  }
  auto account = AskSource(options, env);
  if (!account) {
    env.err << "policyc: " << account.error() << "\n";
    return kExitNotRun;
  }
  const Source source(account->name, account->text);
  auto server = ReadAccount(options, source, *account, env);
  if (!server) return kExitNotRun;
  const auto changes = catalog::ChangesOf(lock.Find(server->name), *server);
  PrintChanges(changes, *server, env);
  if (options.verifies) return changes.empty() ? kExitDone : kExitFindings;
  catalog::TakeOver(lock, *std::move(server));
  if (const auto written = env.files.Write(options.output, catalog::WriteToolLock(lock));
      !written) {
    env.err << "policyc: cannot write `" << options.output << "`: " << written.error() << "\n";
    return kExitNotRun;
  }
  return kExitDone;
}

}  // namespace

CommandRun AddPinCommand(CLI::App& app) {
  auto options = std::make_shared<PinOptions>();
  app.add_option("command", options->command, "The server's command, behind --")
      ->type_name("COMMAND…");
  app.add_option("--url", options->url, "The server's URL, for Streamable HTTP");
  app.add_option("--tools", options->tools_path, "A saved tools/list, or a lock")
      ->type_name("FILE");
  app.add_option("-o,--output", options->output, "The lock")->capture_default_str();
  app.add_option("--server", options->server, "The name for the server; else what it calls itself");
  app.add_flag("--verify", options->verifies,
               "Write nothing; exit 1 where the server differs from the lock");
  app.footer("policyc pin [OPTIONS] (-- COMMAND… | --url URL | --tools FILE)");
  return [options](DriverEnv& env) { return Pin(*options, env); };
}

}  // namespace policy
