// Machine code for whole programs, at once and waited for: what tests and benchmarks use, and how
// an embedder that knows its policy beforehand may use it. policyd's way, in the background, is
// tier.h.
//
//   auto linker = jit::Linker::Open(jit::PathBeside("libpolicy_jit.so"));
//   const jit::ObjectSource source = jit::MakeObjectsHere();   // code_generator.h, policy_codegen
//   auto program = Program::Load(bytes);
//   jit::CompileAll(*program, source, **linker);
//   Interpret(frame, findings);        // or Decider, or Evaluator: runs machine code from now on
//
// To compare it with the interpreter, load the same bytes a second time: a Program has machine code
// or it has none.
#ifndef RUNTIME_JIT_JIT_H_
#define RUNTIME_JIT_JIT_H_

#include <memory>
#include <string>
#include <string_view>

#include "policy/program.h"
#include "runtime/jit/compile.h"
#include "runtime/jit/linker.h"
#include "runtime/jit/object_source.h"

namespace policy::jit {

// Compiles every block of `program`, dense or not, and attaches the code. Returns when all of it is
// installed; what could not be compiled is the interpreter's. REQUIRES: the program has no machine
// code yet.
CompileReport CompileAll(const std::shared_ptr<const Program>& program, const ObjectSource& source,
                         Linker& linker);

// The path of a file in the folder of the program that runs; empty where that cannot be found out.
std::string PathBeside(std::string_view name);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_JIT_H_
