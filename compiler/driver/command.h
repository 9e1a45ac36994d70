// The commands of policyc: a table, and one file for each.
//
// To add one: write <name>_command.cc with `CommandRun Add<Name>Command(CLI::App&)`, declare it
// below, give it a row in commands.cc, list the file in CMakeLists.txt.
#ifndef COMPILER_DRIVER_COMMAND_H_
#define COMPILER_DRIVER_COMMAND_H_

#include <functional>
#include <span>
#include <string_view>

#include "compiler/driver/driver_env.h"

namespace CLI {
class App;
}

namespace policy {

// How a command ends, as exit status of the process.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFindings = 1;  // findings, failed, or changed
inline constexpr int kExitNotRun = 2;    // the work could not be done at all

// Does the command's work once the command line is read; returns the exit status.
using CommandRun = std::function<int(DriverEnv& env)>;

struct Command {
  std::string_view name;
  std::string_view summary;  // one line of --help
  // Declares the options on `app` and returns what to run; the two share their options' storage.
  CommandRun (*add)(CLI::App& app);
};

CommandRun AddCheckCommand(CLI::App& app);
CommandRun AddCompileCommand(CLI::App& app);
CommandRun AddConvertCommand(CLI::App& app);
CommandRun AddDumpCommand(CLI::App& app);
CommandRun AddEvalCommand(CLI::App& app);
CommandRun AddExplainCommand(CLI::App& app);
CommandRun AddFmtCommand(CLI::App& app);
CommandRun AddPinCommand(CLI::App& app);
CommandRun AddSchemaCommand(CLI::App& app);
CommandRun AddTestCommand(CLI::App& app);

// Every command, in the order of --help.
std::span<const Command> Commands();

// Reads the command line and runs the command it names. `argv` as given to main.
int RunDriver(int argc, const char* const* argv, DriverEnv& env);

}  // namespace policy

#endif  // COMPILER_DRIVER_COMMAND_H_
