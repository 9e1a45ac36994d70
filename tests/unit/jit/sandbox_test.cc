// What policyd-codegen cannot do, tried.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "runtime/jit/codegen_sandbox.h"
#include "runtime/value/sanitized.h"

// Builds with sanitizers have no filter.
#if !POLICY_SANITIZED

namespace policy::jit {
namespace {

// How a process ends that enters the sandbox and does `what`.
template <typename What>
int EndOf(const What& what) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (!EnterSandbox()) ::_exit(99);
    what();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

constexpr int kKilled = 1000 + SIGSYS;

TEST_CASE("the sandbox lets a process compute and nothing else") {
  REQUIRE(EndOf([] {
            void* const memory = std::malloc(std::size_t{64} << 20);
            std::free(memory);
            void* const more =
                ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (more == MAP_FAILED || memory == nullptr) ::_exit(1);
          }) == 0);
  REQUIRE(EndOf([] { ::open("/etc/hostname", O_RDONLY); }) == kKilled);
  REQUIRE(EndOf([] { ::fork(); }) == kKilled);
  REQUIRE(EndOf([] { ::execl("/bin/true", "true", nullptr); }) == kKilled);
  REQUIRE(EndOf([] { ::kill(::getppid(), 0); }) == kKilled);
  REQUIRE(EndOf([] {
            ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          }) == kKilled);
  REQUIRE(EndOf([] {
            void* const memory =
                ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            ::mprotect(memory, 4096, PROT_READ | PROT_EXEC);
          }) == kKilled);
}

TEST_CASE("an abort in the sandbox is an abort") {
  REQUIRE(EndOf([] {
            ::signal(SIGABRT, SIG_DFL);  // in the place of the test's own handler
            std::abort();
          }) == 1000 + SIGABRT);
}

}  // namespace
}  // namespace policy::jit

#endif
