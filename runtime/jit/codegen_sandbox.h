// What policyd-codegen may do to the machine: compute, and answer.
#ifndef RUNTIME_JIT_CODEGEN_SANDBOX_H_
#define RUNTIME_JIT_CODEGEN_SANDBOX_H_

namespace policy::jit {

// Of one request; past them the kernel ends the process.
inline constexpr unsigned kCodegenSecondsMax = 60;
inline constexpr unsigned long kCodegenMemoryBytesMax = 2ul << 30;

// From now on the process reads and writes what is open, uses memory that is never executable, and
// ends: any other system call ends it at once, and so do limits of time and memory. It runs after
// everything else on the machine. False: the kernel did not agree, and nothing may be read.
bool EnterSandbox();

}  // namespace policy::jit

#endif  // RUNTIME_JIT_CODEGEN_SANDBOX_H_
