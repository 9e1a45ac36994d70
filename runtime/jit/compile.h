// From wanted blocks to installed code: made, linked, checked.
#ifndef RUNTIME_JIT_COMPILE_H_
#define RUNTIME_JIT_COMPILE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/program.h"
#include "runtime/jit/linker.h"
#include "runtime/jit/object_source.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {

struct CompileReport {
  std::size_t installed = 0;
  std::size_t not_compiled = 0;       // too large, or the source had a reason
  std::size_t left = 0;               // would leave every call that was made up to the interpreter
  std::size_t disagreed = 0;          // with the interpreter, which stays
  std::size_t bytes = 0;              // of the objects installed
  std::vector<std::string> troubles;  // sentences for the log
};

// Installs the code of `blocks` in `native`, and gives up what cannot be compiled. Takes long: from
// one thread at a time for one `native`.
CompileReport CompileBlocks(const std::shared_ptr<const Program>& program,
                            std::span<const std::uint32_t> blocks, const ObjectSource& source,
                            Linker& linker, NativeCode& native);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_COMPILE_H_
