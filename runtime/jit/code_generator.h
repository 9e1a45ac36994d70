// From a program's block to an object file, in this process: for the program that does nothing else
// (policyd-codegen), and for tests.
#ifndef RUNTIME_JIT_CODE_GENERATOR_H_
#define RUNTIME_JIT_CODE_GENERATOR_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "runtime/jit/object_source.h"
#include "runtime/program/layout.h"

namespace policy::jit {

// Not thread-safe. LLVM may end the process where it finds itself wrong.
class CodeGenerator {
 public:
  // The error is a sentence: this LLVM has no code for the machine.
  static std::expected<std::unique_ptr<CodeGenerator>, std::string> Make();
  ~CodeGenerator();
  CodeGenerator(const CodeGenerator&) = delete;  // owns LLVM's target
  CodeGenerator& operator=(const CodeGenerator&) = delete;

  // An ELF object with the function kBlockSymbol. The error says why the block is not compiled.
  std::expected<std::string, std::string> Generate(const Layout& layout, std::uint32_t block);

  // The block's LLVM IR as text, for people: what code generation begins with.
  std::expected<std::string, std::string> Print(const Layout& layout, std::uint32_t block);

 private:
  struct Target;
  explicit CodeGenerator(std::unique_ptr<Target> target);
  std::unique_ptr<Target> target_;
};

// Objects made in this process, for tests and benchmarks. REQUIRES: this LLVM has code for the
// machine.
ObjectSource MakeObjectsHere();

}  // namespace policy::jit

#endif  // RUNTIME_JIT_CODE_GENERATOR_H_
