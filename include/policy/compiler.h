// From the text of a policy to the bytes of a decision program.
//
//   Diagnostics diagnostics;
//   Source source("policy.json", text);
//   if (auto program = Compile(source, {}, diagnostics)) Program::Load(*program);
#ifndef POLICY_COMPILER_H_
#define POLICY_COMPILER_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

struct CompileOptions {
  // Runs the optimising passes. Off, the program keeps every rule and condition as written: what
  // explain runs on. The decisions are the same.
  bool optimise = true;
};

// The verified program's bytes, or nullopt when `diagnostics` got an error. Warnings are reported
// either way. Pure: no file, clock or global is touched. Thread-safe with a sink per call.
std::optional<std::vector<std::byte>> Compile(const Source& source, const CompileOptions& options,
                                              Diagnostics& diagnostics);

}  // namespace policy

#endif  // POLICY_COMPILER_H_
