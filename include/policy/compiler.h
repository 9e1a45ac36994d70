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
  // The server that a tools/list without a name belongs to.
  std::string server = "default";
};

// The verified program's bytes, or nullopt when `diagnostics` got an error. Warnings are reported
// either way. Pure: no file, clock or global is touched. Thread-safe with a sink per call.
std::optional<std::vector<std::byte>> Compile(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics);

}  // namespace policy

#endif  // POLICY_COMPILER_H_
