// What libpolicy_jit.so offers to policyd: plain C, so that neither sees the other's C++ library or
// LLVM.
#ifndef RUNTIME_JIT_LINKER_MODULE_H_
#define RUNTIME_JIT_LINKER_MODULE_H_

#include <cstddef>
#include <cstdint>

extern "C" {

struct PolicyJitSymbol {
  const char* name;
  const void* address;
};

// An ELF object, and the one function of it that is called.
struct PolicyJitObject {
  const char* function;
  const char* label;  // what debuggers call the function; null: they are not told of it
  const char* bytes;
  std::size_t size;
};

struct PolicyJitCode {
  const void* entry;
  std::size_t bytes;  // of the function, from `entry` on; 0 without a label
};

struct PolicyJitText {
  char* bytes;  // room for the reason of a failure, ended by a zero
  std::size_t size;
};

// Safe from any thread.
struct PolicyJitLinker {
  std::uint32_t version;  // kPolicyJitVersion, or the module is of another policyd

  const char* build;  // the LLVM in it, as it names its version

  // A linker that resolves `symbols` and nothing else. Null: see `why`.
  void* (*open)(const PolicyJitSymbol* symbols, std::size_t count, PolicyJitText why);
  // After all that was linked is unlinked.
  void (*close)(void* linker);

  // Maps the code of an ELF object, readable and executable, never writable with it, tells
  // debuggers of it if it has a label, and gives its function. Null: it has another undefined
  // symbol, or is no such object.
  void* (*link)(void* linker, const PolicyJitObject* object, PolicyJitCode* code,
                PolicyJitText why);
  // Unmaps what `link` gave; debuggers forget it.
  void (*unlink)(void* linker, void* linked);
};

constexpr std::uint32_t kPolicyJitVersion = 3;
constexpr const char* kPolicyJitEntry = "policy_jit_linker";

const PolicyJitLinker* policy_jit_linker();

}  // extern "C"

#endif  // RUNTIME_JIT_LINKER_MODULE_H_
