// The options of a command that compiles policies under a lock.
#ifndef COMPILER_DRIVER_TOOLS_OPTION_H_
#define COMPILER_DRIVER_TOOLS_OPTION_H_

#include <memory>
#include <optional>
#include <string>

#include "compiler/driver/driver_env.h"
#include "compiler/file_loader.h"
#include "policy/compiler.h"

namespace CLI {
class App;
}

namespace policy {

// What the command line says: `--tools LOCK`.
struct ToolsOption {
  std::string path;    // empty: what the policy says, else tools.lock.json beside it
  std::string server;  // of a saved tools/list; empty: the one that it names
};

// Declares --tools on `app`. REQUIRES: `option` outlives the command.
void AddToolsOption(CLI::App& app, ToolsOption& option);

// Compiles policies as the option says. Keeps what it reads: it outlives diagnostics and sources.
class ToolsInUse {
 public:
  // nullopt: the file cannot be read, which was printed. REQUIRES: `env` outlives it.
  static std::optional<ToolsInUse> Open(const ToolsOption& option, DriverEnv& env);

  CompileOptions Options(bool optimise = true) const;
  SourceLoader& loader() const { return *loader_; }

 private:
  std::unique_ptr<FileLoader> loader_;
  std::unique_ptr<const Source> tools_;
  std::string server_;
};

}  // namespace policy

#endif  // COMPILER_DRIVER_TOOLS_OPTION_H_
