#include "runtime/gateway/admin/limits_command.h"

#include <cstdlib>
#include <expected>
#include <map>
#include <optional>
#include <ostream>
#include <vector>

#include "runtime/gateway/admin/admin_server.h"
#include "runtime/gateway/admin/limits_rows.h"
#include "runtime/limits/store/state_directory.h"
#include "runtime/value/decimal.h"

namespace policy::gateway {
namespace {

using nlohmann::json;

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kNotAsked = 2;

// What a process of the directory answered to limits.list.
struct Process {
  std::string socket;
  json answer;
};

class LimitsCommand {
 public:
  LimitsCommand(const LimitsOptions& options, StateDirectory directory, std::ostream& out,
                std::ostream& err)
      : options_(options), directory_(std::move(directory)), out_(out), err_(err) {}

  int List(bool must_match) {
    if (!AskAll()) return kNotAsked;
    const std::vector<LimitRow> rows = Wanted();
    if (rows.empty() && must_match) return Refuse("no counter like that");
    if (options_.format == "json") {
      nlohmann::ordered_json document = {{"limits", nlohmann::ordered_json::array()}};
      for (const LimitRow& row : rows) document["limits"].push_back(ToJson(row));
      document["overdue"] = Sum("overdue");
      document["waiting"] = Sum("waiting");
      document["left_out"] = Sum("left_out");
      out_ << document.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
      return kDone;
    }
    out_ << ToTable(rows);
    if (Sum("left_out") > 0) out_ << Sum("left_out") << " more are not shown\n";
    if (Sum("overdue") > 0) {
      out_ << Sum("overdue") << " calls were under way for longer than their places were held\n";
    }
    if (Sum("waiting") > 0) {
      out_ << Sum("waiting")
           << " wait, as they were charged at a time that has not come yet by the clock: calls are "
              "denied until it has, or until `policyd limits confirm` says that the clock is "
              "right\n";
    }
    return kDone;
  }

  int Set(std::string_view value) {
    if (!AskAll()) return kNotAsked;
    // By whom to ask: the process itself, or 0 for the one that keeps the pool.
    std::map<std::int64_t, std::map<std::pair<std::string, std::string>, LimitRow>> cells;
    std::size_t count = 0;
    for (const LimitRow& row : Wanted()) {
      if (!row.has_cell) continue;
      if (cells[row.is_shared ? 0 : row.process]
              .emplace(std::pair(row.identity, row.key), row)
              .second) {
        ++count;
      }
    }
    if (count == 0) return Refuse("no counter like that was ever charged");
    if (count > 1 && !options_.takes_all) {
      err_ << "policyd: " << count
           << " are meant: name one with --scope, --server or --grant, or all with --all:\n";
      err_ << ToTable(Wanted());
      return kRefused;
    }
    for (const auto& [process, rows] : cells) {
      for (const auto& [id, row] : rows) {
        const auto number = ParseDecimal(value);
        const auto used = number ? ToScaledInteger(*number, row.scale) : std::nullopt;
        if (!used || *used < 0) {
          return Refuse("`" + std::string(value) + "` is no amount of counter `" + row.counter +
                        "`, which has " + std::to_string(row.scale) + " decimals");
        }
        json request = {{"command", "limits.set"}, {"used", *used}, {"because", options_.because}};
        request["cells"] = json::array();
        request["cells"].push_back({{"identity", row.identity}, {"key", row.key}});
        if (const int status = Send(process, request); status != kDone) return status;
        out_ << row.counter << " (" << row.scope << "): " << value << " used\n";
      }
    }
    return kDone;
  }

  int Confirm() {
    if (!AskAll()) return kNotAsked;
    json answer;
    const json request = {{"command", "limits.confirm"}, {"because", options_.because}};
    if (const int status = Send(0, request, &answer); status != kDone) return status;
    const auto count = answer.value("confirmed", std::int64_t{0});
    out_ << (count == 0 ? std::string("nothing waits")
                        : std::to_string(count) + " go on, by the clock of now")
         << '\n';
    return kDone;
  }

 private:
  int Refuse(std::string_view why) {
    err_ << "policyd: " << why << '\n';
    return kRefused;
  }

  // False: nobody answered; it was said.
  bool AskAll() {
    for (const std::string& socket : AdminSockets(directory_)) {
      auto answer = AskAdmin(directory_, socket, {{"command", "limits.list"}});
      if (!answer) {
        err_ << "policyd: " << answer.error() << '\n';
        return false;
      }
      if (*answer) processes_.push_back({socket, std::move(**answer)});
    }
    if (!processes_.empty()) return true;
    err_ << "policyd: no policyd runs with the state directory " << directory_.path() << '\n';
    return false;
  }

  // `process` 0: the one that keeps the pool.
  int Send(std::int64_t process, const json& request, json* answered = nullptr) {
    for (const Process& candidate : processes_) {
      const json& said = candidate.answer;
      const bool keeps_pool = said.value("leads", false) || said.value("is_in_store", false);
      const bool is_it =
          process == 0 ? keeps_pool : said.value("process", std::int64_t{0}) == process;
      if (!is_it) continue;
      auto answer = AskAdmin(directory_, candidate.socket, request);
      if (!answer) return Refuse(answer.error());
      if (!*answer) break;
      if (answered != nullptr) *answered = std::move(**answer);
      return kDone;
    }
    err_ << "policyd: the process that keeps these counters is gone, or they are in a store\n";
    return kNotAsked;
  }

  std::vector<LimitRow> Wanted() const {
    std::vector<json> answers;
    for (const Process& process : processes_) answers.push_back(process.answer);
    std::vector<LimitRow> rows = LimitRows(answers);
    const auto differs = [](const std::string& wanted, const std::string& text) {
      return !wanted.empty() && wanted != text;
    };
    std::erase_if(rows, [&](const LimitRow& row) {
      return differs(options_.counter, row.counter) || differs(options_.scope, row.scope) ||
             differs(options_.server, row.server) || differs(options_.grant, row.grant);
    });
    return rows;
  }

  std::int64_t Sum(const char* name) const {
    std::int64_t sum = 0;
    for (const Process& process : processes_) sum += process.answer.value(name, std::int64_t{0});
    return sum;
  }

  const LimitsOptions& options_;
  const StateDirectory directory_;
  std::ostream& out_;
  std::ostream& err_;
  std::vector<Process> processes_;
};

void AddPlace(CLI::App& command, LimitsOptions& options) {
  command.add_option("--state", options.state_directory, "folder of the counters [default: yours]")
      ->type_name("DIR");
}

void AddChoice(CLI::App& command, LimitsOptions& options) {
  command.add_option("--scope", options.scope, "only this scope, as `limits list` shows it");
  command.add_option("--server", options.server, "only counters of this server");
  command.add_option("--grant", options.grant, "only counters of this grant");
}

void AddFormat(CLI::App& command, LimitsOptions& options) {
  command.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void AddBecause(CLI::App& command, LimitsOptions& options) {
  command.add_option("--because", options.because, "why, for the log");
}

}  // namespace

CLI::App& AddLimitsCommand(CLI::App& app, LimitsOptions& options) {
  CLI::App& limits = *app.add_subcommand("limits", "look at counters, and set them");
  limits.require_subcommand(1);
  CLI::App& list = *limits.add_subcommand("list", "every counter of the policyd that run");
  CLI::App& show = *limits.add_subcommand("show", "one counter");
  CLI::App& reset = *limits.add_subcommand("reset", "set what a counter has used to nothing");
  CLI::App& set = *limits.add_subcommand("set", "set what a counter has used");
  CLI::App& confirm = *limits.add_subcommand(
      "confirm", "say that the clock is right, for counters that were charged later than it says");
  for (CLI::App* command : {&list, &show, &reset, &set, &confirm}) AddPlace(*command, options);
  for (CLI::App* command : {&list, &show}) AddFormat(*command, options);
  for (CLI::App* command : {&list, &show, &reset, &set}) AddChoice(*command, options);
  for (CLI::App* command : {&show, &reset, &set}) {
    command->add_option("counter", options.counter, "its name")->required()->type_name("COUNTER");
  }
  set.add_option("value", options.value, "what it has used, in its window of now")
      ->required()
      ->type_name("AMOUNT");
  for (CLI::App* command : {&reset, &set}) {
    command->add_flag("--all", options.takes_all, "every scope of the counter");
  }
  for (CLI::App* command : {&reset, &set, &confirm}) AddBecause(*command, options);
  return limits;
}

int RunLimitsCommand(const CLI::App& limits, const LimitsOptions& options, std::ostream& out,
                     std::ostream& err) {
  std::optional<std::string> path = options.state_directory;
  if (path->empty()) {
    path = StateDirectory::DefaultPath(
        {.state_home = std::getenv("XDG_STATE_HOME"), .home = std::getenv("HOME")});
  }
  if (!path) {
    err << "policyd: there is no folder for the counters: set HOME, or give --state\n";
    return kNotAsked;
  }
  auto directory = StateDirectory::OpenIfThere(*path);
  if (!directory) {
    err << "policyd: " << directory.error() << '\n';
    return kNotAsked;
  }
  LimitsCommand command(options, std::move(*directory), out, err);
  try {
    const std::string name = limits.get_subcommands().front()->get_name();
    if (name == "list") return command.List(/*must_match=*/false);
    if (name == "show") return command.List(/*must_match=*/true);
    if (name == "reset") return command.Set("0");
    if (name == "set") return command.Set(options.value);
    return command.Confirm();
  } catch (const json::exception& error) {
    err << "policyd: an answer cannot be read: " << error.what() << '\n';
    return kNotAsked;
  }
}

}  // namespace policy::gateway
