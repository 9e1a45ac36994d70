#include "runtime/transport/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string_view>

#include "policy/check.h"

namespace policy::transport {
namespace {

// KillAll looks this often, this far apart: two seconds, for a machine that is very busy.
constexpr int kKillRoundsMax = 400;
constexpr long kKillRoundNanoseconds = 5'000'000;

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

std::expected<Pipe, std::string> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::unexpected(std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

void MakeNonBlocking(const Descriptor& descriptor) {
  CHECK(::fcntl(descriptor.number(), F_SETFL, O_NONBLOCK) == 0);
}

struct ChildEnds {
  int input = -1;
  int output = -1;
  int errors = -1;
  int failure = -1;  // gets errno when the command cannot be run
};

// Runs between fork and exec, beside threads that may hold any lock: system calls only.
[[noreturn]] void RunCommand(const std::vector<char*>& arguments,
                             const std::vector<char*>& environment, const char* folder,
                             const ChildEnds& ends, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it ended before the line above
  ::setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(ends.input, STDIN_FILENO) >= 0 && ::dup2(ends.output, STDOUT_FILENO) >= 0 &&
      ::dup2(ends.errors, STDERR_FILENO) >= 0) {
    if (folder == nullptr || ::chdir(folder) == 0) {
      ::execvpe(arguments.front(), arguments.data(), environment.data());
    }
  }
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(ends.failure, &error, sizeof(error));
  ::_exit(127);
}

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The direct children of this process, from the kernel's list of each thread's.
std::vector<pid_t> DirectChildren() {
  std::vector<pid_t> children;
  const std::string self = std::to_string(::getpid());
  std::ifstream list("/proc/" + self + "/task/" + self + "/children");
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

std::string_view NameOf(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

// execvpe's type, not its behaviour: nothing of it is changed.
char* Unchanged(const std::string& text) { return const_cast<char*>(text.c_str()); }

std::vector<char*> EnvironmentOf(const ChildProcess::Place& place) {
  std::vector<char*> all;
  for (char** own = environ; *own != nullptr; ++own) {
    const auto is_own = [own](const std::string& variable) {
      return NameOf(variable) == NameOf(*own);
    };
    const bool is_left_out =
        std::ranges::any_of(place.environment, is_own) || std::ranges::any_of(place.hidden, is_own);
    if (!is_left_out) all.push_back(*own);
  }
  for (const std::string& variable : place.environment) all.push_back(Unchanged(variable));
  all.push_back(nullptr);
  return all;
}

}  // namespace

void AdoptOrphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void ReapAdopted() {
  for (const pid_t child : DirectChildren()) ::waitpid(child, nullptr, WNOHANG);
}

void KillAdopted() {
  for (int round = 0; round < kKillRoundsMax; ++round) {
    const std::vector<pid_t> children = DirectChildren();
    if (children.empty()) return;
    for (const pid_t child : children) ::kill(child, SIGKILL);
    const timespec pause{0, kKillRoundNanoseconds};
    ::nanosleep(&pause, nullptr);
    ReapAdopted();
  }
}

std::expected<ChildProcess, std::string> ChildProcess::Spawn(
    const std::vector<std::string>& command, const Place& place) {
  CHECK(!command.empty());
  std::array<Pipe, 4> pipes;
  for (Pipe& pipe : pipes) {
    auto made = MakePipe();
    if (!made) return std::unexpected(made.error());
    pipe = std::move(*made);
  }
  auto& [input, output, errors, failure] = pipes;
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(Unchanged(argument));
  arguments.push_back(nullptr);
  const std::vector<char*> environment = EnvironmentOf(place);
  const char* const folder = place.folder.empty() ? nullptr : place.folder.c_str();

  const pid_t parent = ::getpid();
  const pid_t process_id = ::fork();
  if (process_id < 0) {
    return std::unexpected(std::string("cannot start a process: ") + std::strerror(errno));
  }
  if (process_id == 0) {
    RunCommand(arguments, environment, folder,
               {.input = input.read_end.number(),
                .output = output.write_end.number(),
                .errors = errors.write_end.number(),
                .failure = failure.write_end.number()},
               parent);
  }
  ::setpgid(process_id, process_id);  // whoever comes first, parent or child
  failure.write_end.Close();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure.read_end.number(), &error, sizeof(error));  // ends when exec succeeds
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    ::waitpid(process_id, nullptr, 0);
    return std::unexpected("cannot run `" + command.front() + "`: " + std::strerror(error));
  }

  MakeNonBlocking(input.write_end);
  MakeNonBlocking(output.read_end);
  MakeNonBlocking(errors.read_end);
  ChildProcess child;
  child.process_id_ = process_id;
  child.input_ = Stream(std::move(input.write_end));
  child.output_ = Stream(std::move(output.read_end));
  child.errors_ = Stream(std::move(errors.read_end));
  return child;
}

bool ChildProcess::Reap() {
  int status = 0;
  pid_t ended = 0;
  while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
    if (ended == process_id_) exit_code_ = ExitCode(status);
  }
  return ended < 0 && errno == ECHILD;
}

bool ChildProcess::ReapOwn() {
  int status = 0;
  if (!exit_code_ && ::waitpid(process_id_, &status, WNOHANG) == process_id_) {
    exit_code_ = ExitCode(status);
  }
  return has_ended();
}

void ChildProcess::SignalGroup(int signal) { ::kill(-process_id_, signal); }

void ChildProcess::KillAll() {
  for (int round = 0; round < kKillRoundsMax; ++round) {
    SignalGroup(SIGKILL);
    // A descendant that left the group becomes our child when its parent ends: a generation a
    // round.
    for (const pid_t child : DirectChildren()) ::kill(child, SIGKILL);
    if (Reap()) return;
    const timespec pause{0, kKillRoundNanoseconds};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace policy::transport
