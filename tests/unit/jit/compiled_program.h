// Programs with machine code, made in this process.
#ifndef TESTS_UNIT_JIT_COMPILED_PROGRAM_H_
#define TESTS_UNIT_JIT_COMPILED_PROGRAM_H_

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "policy/compiler.h"
#include "policy/program.h"
#include "runtime/jit/code_generator.h"
#include "runtime/jit/jit.h"

namespace policy::jit {

inline std::vector<std::byte> BytesOf(const std::string& policy) {
  Diagnostics diagnostics;
  const auto bytes = Compile(Source("test.policy", policy), {}, diagnostics);
  for (const Diagnostic& each : diagnostics.all()) UNSCOPED_INFO(each.message);
  REQUIRE(bytes.has_value());
  return *bytes;
}

inline std::shared_ptr<const Program> ProgramOf(const std::string& policy) {
  auto program = Program::Load(BytesOf(policy));
  REQUIRE(program.has_value());
  return *program;
}

inline const ObjectSource& InThisProcess() {
  static const ObjectSource source = MakeObjectsHere();
  return source;
}

inline std::string ObjectOf(const Program& program, std::uint32_t block) {
  const std::uint32_t blocks[] = {block};
  auto objects = InThisProcess()(program, blocks);
  REQUIRE(objects.has_value());
  REQUIRE(objects->front().has_value());
  return *objects->front();
}

inline std::shared_ptr<Linker> TestLinker() {
  auto linker = Linker::Open(PathBeside("libpolicy_jit.so"));
  if (!linker) FAIL(linker.error());
  return *linker;
}

}  // namespace policy::jit

#endif  // TESTS_UNIT_JIT_COMPILED_PROGRAM_H_
