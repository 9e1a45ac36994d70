// From the text of a policy to the bytes of a decision program.
//
//   Diagnostics diagnostics;
//   Source source("policy.json", text);
//   if (auto program = Compile(source, {}, diagnostics)) Program::Load(*program);
#ifndef POLICY_COMPILER_H_
#define POLICY_COMPILER_H_

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// Where a policy's `include` and `use tools` find their files.
class SourceLoader {
 public:
  virtual ~SourceLoader() = default;
  // The text of `path` as `from` names it, relative to the folder of `from`. The loader keeps the
  // Source, at least until the diagnostics and what was compiled from it are gone; one path is one
  // Source. Errors are sentences that name neither path nor program.
  virtual std::expected<const Source*, std::string> Load(const Source& from,
                                                         std::string_view path) = 0;
  // The same, but null where there is no such file.
  virtual std::expected<const Source*, std::string> LoadIfThere(const Source& from,
                                                                std::string_view path) = 0;
};

struct CompileOptions {
  // Runs the optimising passes. Off, the program keeps every rule and condition as written: what
  // explain runs on. The decisions are the same.
  bool optimise = true;
  // Null: a policy that names other files is refused.
  SourceLoader* loader = nullptr;
  // The text of a tools.lock.json or a saved tools/list, instead of what the policy's `use tools`
  // says. Null: the policy's own word counts. Kept by the caller like the policy's source.
  const Source* tools = nullptr;
  // Where neither `tools` nor the policy names a lock: the file of this name beside the policy, if
  // there is one. Empty: none is looked for. Needs a loader.
  std::string tools_beside = {};
  // The server that a saved tools/list belongs to. Empty: the one that it names, else `default`.
  std::string server = {};
};

// The verified program's bytes, or nullopt when `diagnostics` got an error. Warnings are reported
// either way. Pure: no file, clock or global is touched. Thread-safe with a sink per call.
std::optional<std::vector<std::byte>> Compile(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics);

}  // namespace policy

#endif  // POLICY_COMPILER_H_
