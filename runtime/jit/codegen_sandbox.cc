#include "runtime/jit/codegen_sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/jit/codegen_message.h"
#include "runtime/value/sanitized.h"

namespace policy::jit {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
#error "the numbers of system calls differ from machine to machine"
#endif

// What malloc, LLVM, qsort (which asks how much memory there is) and abort need of the kernel once
// everything is linked and open.
constexpr std::array kAllowed = {
    SYS_read,       SYS_write,          SYS_brk,          SYS_munmap,
    SYS_mremap,     SYS_madvise,        SYS_futex,        SYS_exit,
    SYS_exit_group, SYS_rt_sigaction,   SYS_rt_sigreturn, SYS_getpid,
    SYS_gettid,     SYS_clock_gettime,  SYS_getrandom,    SYS_fstat,
    SYS_newfstatat, SYS_rt_sigprocmask, SYS_tgkill,       SYS_sched_yield,
    SYS_sysinfo,
};
// These, unless the memory is to be executable.
constexpr std::array kAllowedUnlessExecutable = {SYS_mmap, SYS_mprotect};
constexpr std::size_t kProtectionArgument = 2;

// Sanitizers reserve terabytes, and ask the kernel for much that nobody else does: their builds
// have the limits of time alone.
#if POLICY_SANITIZED
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

constexpr std::uint32_t kArguments = offsetof(seccomp_data, args);

sock_filter Load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter Return(std::uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }
// Skips so many instructions where the loaded word is not `value`.
sock_filter UnlessEqualSkip(std::uint32_t value, std::uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}

std::vector<sock_filter> Filter() {
  std::vector<sock_filter> filter = {
      Load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0),
      Return(SECCOMP_RET_KILL_PROCESS),
      Load(offsetof(seccomp_data, nr)),
  };
  for (const long call : kAllowed) {
    filter.push_back(UnlessEqualSkip(static_cast<std::uint32_t>(call), 1));
    filter.push_back(Return(SECCOMP_RET_ALLOW));
  }
  for (const long call : kAllowedUnlessExecutable) {
    filter.push_back(UnlessEqualSkip(static_cast<std::uint32_t>(call), 4));
    filter.push_back(Load(kArguments + kProtectionArgument * sizeof(std::uint64_t)));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0));
    filter.push_back(Return(SECCOMP_RET_ALLOW));
    filter.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  }
  filter.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  return filter;
}

bool Limit(decltype(RLIMIT_CPU) what, rlim_t most) {
  const rlimit limit = {.rlim_cur = most, .rlim_max = most};
  return ::setrlimit(what, &limit) == 0;
}

bool SetLimits() {
  return Limit(RLIMIT_CORE, 0) && Limit(RLIMIT_CPU, kCodegenSecondsMax) &&
         Limit(RLIMIT_FSIZE, kAnswerBytesMax) &&
         (kIsSanitized || Limit(RLIMIT_AS, kCodegenMemoryBytesMax));
}

}  // namespace

bool EnterSandbox() {
  ::alarm(kCodegenSecondsMax);
  constexpr int kLeast = 19;
  if (::setpriority(PRIO_PROCESS, 0, kLeast) != 0 || !SetLimits()) return false;
  if (kIsSanitized) return true;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  std::vector<sock_filter> filter = Filter();
  const sock_fprog program = {.len = static_cast<unsigned short>(filter.size()),
                              .filter = filter.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace policy::jit
