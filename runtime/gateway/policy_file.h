// The file a policy comes from: its text, or what policyc compile made of it.
#ifndef RUNTIME_GATEWAY_POLICY_FILE_H_
#define RUNTIME_GATEWAY_POLICY_FILE_H_

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "policy/program.h"

namespace policy::gateway {

using LoadedProgram = std::expected<std::shared_ptr<const Program>, std::string>;

// What the main program knows and the runtime does not: how the text of a policy becomes a program.
// The error is what to show: diagnostics as people read them, perhaps several lines. Called from
// any thread, one call at a time.
struct PolicyText {
  std::string path;
  std::string text;
  std::string tools_path;  // the lock, where the command line names one; read anew each time
  std::string server;      // where the command line names it; empty: not
};
using CompilePolicy = std::function<LoadedProgram(PolicyText policy)>;

// Larger files are not read.
inline constexpr std::size_t kPolicyFileBytesMax = std::size_t{64} << 20;

std::expected<std::string, std::string> ReadPolicyFile(const std::string& path);

// The program of a file: a compiled one when its name ends in .pbc.
// Such a one holds its lock, so that none can be named beside it.
LoadedProgram LoadPolicy(PolicyText policy, const CompilePolicy& compile);

// Proves `bytes`; an error names `path`.
LoadedProgram LoadProgram(const std::string& path, std::span<const std::byte> bytes);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_POLICY_FILE_H_
