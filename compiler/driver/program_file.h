// The program that a command line's POLICY stands for: a policy to compile, or a compiled one.
#ifndef COMPILER_DRIVER_PROGRAM_FILE_H_
#define COMPILER_DRIVER_PROGRAM_FILE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/driver_env.h"
#include "compiler/driver/tools_option.h"
#include "policy/diagnostic.h"
#include "policy/program.h"

namespace policy {

// Prints what was found: everything, or only what stops the compiler.
void PrintFindings(const Diagnostics& diagnostics, Severity from, DriverEnv& env);

// Compiles the policy at `path` under the lock that `tools` says; prints every finding. The
// program's bytes, or nullopt with `status` set to how the command ends: kExitFindings for errors
// in the policy, kExitNotRun where it cannot be read.
std::optional<std::vector<std::byte>> CompileFile(const std::string& path, bool optimise,
                                                  const ToolsOption& tools, DriverEnv& env,
                                                  int& status);

// The same for a file that may also be a program (known by its magic), and loads it; of findings
// only errors are printed. A program that is refused is kExitNotRun.
std::shared_ptr<const Program> LoadFile(const std::string& path, bool optimise,
                                        const ToolsOption& tools, DriverEnv& env, int& status);

}  // namespace policy

#endif  // COMPILER_DRIVER_PROGRAM_FILE_H_
