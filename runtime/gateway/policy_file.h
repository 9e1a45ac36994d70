// The file a policy comes from: its text, or what policyc compile made of it.
#ifndef RUNTIME_GATEWAY_POLICY_FILE_H_
#define RUNTIME_GATEWAY_POLICY_FILE_H_

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/program.h"

namespace policy::gateway {

using LoadedProgram = std::expected<std::shared_ptr<const Program>, std::string>;

// What a file held when it was looked at: tells an edited file from one that was only touched.
struct FileState {
  std::string path;
  std::optional<std::size_t> text_hash;  // nullopt: it could not be read, or was not there

  bool operator==(const FileState&) const = default;
};
FileState StateOf(std::string path, std::string_view text);
// Looks at the file now.
FileState StateOf(std::string path);

struct LoadedPolicy {
  LoadedProgram program;
  // Every file that it was made from or that would have counted: the policy, what it includes, the
  // lock or where one is looked for. Those of a program that was not made may be incomplete.
  std::vector<FileState> files;
  std::vector<std::string> warnings;  // of a program that was made: a line each
};

// What the main program knows and the runtime does not: how the text of a policy becomes a program.
// An error is what to show: diagnostics as people read them, perhaps several lines. Called from
// any thread, one call at a time.
struct PolicyText {
  std::string path;
  std::string text;
  std::string tools_path;  // the lock, where the command line names one; read anew each time
  std::string server;      // where the command line names it; empty: not
};
using CompilePolicy = std::function<LoadedPolicy(PolicyText policy)>;

// Larger files are not read.
inline constexpr std::size_t kPolicyFileBytesMax = std::size_t{64} << 20;

std::expected<std::string, std::string> ReadPolicyFile(const std::string& path);

// The program of a file: a compiled one when its name ends in .pbc.
// Such a one holds its lock, so that none can be named beside it.
LoadedPolicy LoadPolicy(PolicyText policy, const CompilePolicy& compile);

// Proves `bytes`; an error names `path`.
LoadedProgram LoadProgram(const std::string& path, std::span<const std::byte> bytes);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_POLICY_FILE_H_
