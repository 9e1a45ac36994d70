#include "bench/gateway/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace policy::bench {

namespace {

using std::chrono::steady_clock;

constexpr auto kEndWait = std::chrono::seconds(5);
constexpr auto kOrphanWait = std::chrono::seconds(2);

[[noreturn]] void Stop(const std::string& message) {
  std::fprintf(stderr, "bench_driver: %s\n", message.c_str());
  std::exit(2);
}

int ShellStatus(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The status of `process_id` (-1: of any child), once it has ended; nothing after `wait`.
std::optional<int> WaitFor(pid_t process_id, steady_clock::duration wait) {
  const auto deadline = steady_clock::now() + wait;
  while (true) {
    int status = 0;
    if (waitpid(process_id, &status, WNOHANG) > 0) return ShellStatus(status);
    if (steady_clock::now() > deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool HasChildren() {
  siginfo_t ended{};
  return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Kills every child of this process; `AdoptOrphans` makes grandchildren children.
int KillChildren() {
  int killed = 0;
  std::ifstream children("/proc/self/task/" + std::to_string(getpid()) + "/children");
  for (pid_t child; children >> child; ++killed) kill(child, SIGKILL);
  return killed;
}

}  // namespace

void PinTo(int processor) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(static_cast<std::size_t>(processor), &processors);
  if (sched_setaffinity(0, sizeof processors, &processors) != 0) {
    Stop("there is no processor " + std::to_string(processor));
  }
}

void AdoptOrphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

Process Start(const std::vector<std::string>& command, int processor) {
  cpu_set_t own;
  sched_getaffinity(0, sizeof own, &own);
  if (processor >= 0) PinTo(processor);
  int input[2];
  int output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) Stop(std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  Process process;
  const int failure =
      posix_spawnp(&process.process_id, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) Stop(command.front() + ": " + std::strerror(failure));
  close(input[0]);
  close(output[1]);
  sched_setaffinity(0, sizeof own, &own);
  process.input = input[1];
  process.output = output[0];
  fcntl(process.input, F_SETFL, O_NONBLOCK);
  return process;
}

Memory MemoryOf(const Process& process) {
  std::ifstream status("/proc/" + std::to_string(process.process_id) + "/status");
  Memory memory;
  for (std::string name; status >> name;) {
    if (name == "VmRSS:") status >> memory.resident_kib;
    if (name == "VmHWM:") status >> memory.resident_kib_max;
  }
  return memory;
}

std::int64_t ProcessorNanoseconds(const Process& process) {
  std::int64_t sum = 0;
  const std::filesystem::path tasks = "/proc/" + std::to_string(process.process_id) + "/task";
  std::error_code ignored;  // a thread may end while it is looked at
  for (const auto& task : std::filesystem::directory_iterator(tasks, ignored)) {
    std::int64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    sum += nanoseconds;
  }
  return sum;
}

Ending End(Process& process) {
  close(process.input);
  Ending ending;
  std::optional<int> status = WaitFor(process.process_id, kEndWait);
  if (!status) {
    ending.was_late = true;
    kill(process.process_id, SIGKILL);
    status = WaitFor(process.process_id, kEndWait);
  }
  ending.status = status.value_or(-1);
  const auto deadline = steady_clock::now() + kOrphanWait;
  while (HasChildren() && steady_clock::now() < deadline) {
    WaitFor(-1, std::chrono::milliseconds(10));
  }
  if (HasChildren()) ending.left = KillChildren();
  close(process.output);
  return ending;
}

}  // namespace policy::bench
