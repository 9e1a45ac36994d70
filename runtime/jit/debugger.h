// Tells debuggers what code was linked, by the interface that GDB's manual calls "JIT Compilation
// Interface". Of the module.
#ifndef RUNTIME_JIT_DEBUGGER_H_
#define RUNTIME_JIT_DEBUGGER_H_

#include <llvm/Support/Error.h>

#include <cstddef>
#include <memory>
#include <string>

#include "runtime/jit/linker_module.h"

// What a debugger reads in place of a file; its layout is GDB's.
struct jit_code_entry;

namespace policy::jit {

// Debuggers know of the code as long as this lives. They read a copy of its object in which the
// function has its address and its label for a name.
//
// Thread safety: several may be made and destroyed at once.
class DebuggerEntry {
 public:
  // `code`: where the object's function stands in memory. Refused: what is no ELF object of 64 bits
  // that defines the function.
  static llvm::Expected<std::unique_ptr<DebuggerEntry>> Make(const PolicyJitObject& object,
                                                             const void* code);
  DebuggerEntry(const DebuggerEntry&) = delete;  // debuggers hold its address
  DebuggerEntry& operator=(const DebuggerEntry&) = delete;
  ~DebuggerEntry();

  std::size_t code_bytes() const { return code_bytes_; }

 private:
  DebuggerEntry(std::string object, std::size_t code_bytes);

  std::string object_;
  std::size_t code_bytes_;
  std::unique_ptr<jit_code_entry> entry_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_DEBUGGER_H_
