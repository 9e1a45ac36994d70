#include "runtime/jit/codegen_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "runtime/jit/codegen_message.h"
#include "runtime/jit/file_digest.h"

namespace policy::jit {
namespace {

// Above the descriptors that the process is given, so that putting them in their places overwrites
// neither.
constexpr int kDescriptorMin = 16;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;  // closes what it holds, once
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::string Reason(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

int MakeMemory(const char* name) {
  const Descriptor low(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  return low.number() < 0 ? -1 : ::fcntl(low.number(), F_DUPFD_CLOEXEC, kDescriptorMin);
}

bool Seal(int descriptor) {
  return ::fcntl(descriptor, F_ADD_SEALS,
                 F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
}

std::string HowItEnded(const siginfo_t& how) {
  if (how.si_code == CLD_EXITED) return "ended with " + std::to_string(how.si_status);
  return std::string("was ended by ") + ::strsignal(how.si_status);
}

}  // namespace

CodegenProcess::CodegenProcess(std::string path) : path_(std::move(path)) {}

std::expected<int, std::string> CodegenProcess::Start(int request, int answer,
                                                      const char* argument) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int standard : {0, 1, 2}) {
    ::posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
  }
  ::posix_spawn_file_actions_adddup2(&actions, request, kRequestDescriptor);
  ::posix_spawn_file_actions_adddup2(&actions, answer, kAnswerDescriptor);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = "policyd-codegen";
  std::string flag = argument == nullptr ? "" : argument;
  const std::array<char*, 3> arguments = {name.data(), argument == nullptr ? nullptr : flag.data(),
                                          nullptr};
  const std::array<char*, 1> environment = {nullptr};

  const std::lock_guard lock(mutex_);
  pid_t process_id = 0;
  const int error = is_stopped_ ? ECANCELED
                                : ::posix_spawn(&process_id, path_.c_str(), &actions, &attributes,
                                                arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return std::unexpected("cannot run " + path_ + ": " + std::strerror(error));
  // It may have ended and been waited for by whoever waits for every child; then there is none.
  running_ = static_cast<int>(::syscall(SYS_pidfd_open, process_id, 0));
  return running_;
}

std::expected<void, CodegenProcess::Failure> CodegenProcess::Run(int request, int answer,
                                                                 const char* argument) {
  const auto started = Start(request, answer, argument);
  if (!started) return std::unexpected(Failure{started.error(), /*is_final=*/true});
  siginfo_t how{};
  int waited = 0;
  do {
    waited = *started < 0 ? 0 : ::waitid(P_PIDFD, static_cast<id_t>(*started), &how, WEXITED);
  } while (waited != 0 && errno == EINTR);
  {
    const std::lock_guard lock(mutex_);
    if (running_ >= 0) ::close(running_);
    running_ = -1;
    if (is_stopped_) return std::unexpected(Failure{"policyd ends", /*is_final=*/true});
  }
  // Somebody else may have waited for it: then what it wrote says whether it came to its end.
  const bool is_known = *started >= 0 && waited == 0;
  if (!is_known || (how.si_code == CLD_EXITED && how.si_status == 0)) return {};
  // Whoever killed it, for want of memory or because policyd ends, would do so again.
  const bool was_killed = how.si_code == CLD_KILLED && how.si_status == SIGKILL;
  return std::unexpected(Failure{"policyd-codegen " + HowItEnded(how), was_killed});
}

std::expected<std::vector<BlockObject>, CodegenProcess::Failure> CodegenProcess::AskOnce(
    const Program& program, std::span<const std::uint32_t> blocks, const char* argument) {
  const Descriptor request(MakeMemory("policy-request"));
  const Descriptor answer(MakeMemory("policy-answer"));
  if (request.number() < 0 || answer.number() < 0) {
    return std::unexpected(Failure{Reason("no memory for policyd-codegen")});
  }
  if (!WriteAll(request.number(), WriteRequest(program.bytes(), blocks)) ||
      !Seal(request.number()) || ::lseek(request.number(), 0, SEEK_SET) != 0) {
    return std::unexpected(Failure{Reason("policyd-codegen cannot be asked")});
  }
  if (const auto ran = Run(request.number(), answer.number(), argument); !ran) {
    return std::unexpected(ran.error());
  }
  if (!Seal(answer.number())) {
    return std::unexpected(Failure{Reason("policyd-codegen's answer cannot be sealed")});
  }
  auto objects = ReadAnswer(ReadWhole(answer.number(), kAnswerBytesMax), blocks.size());
  if (!objects) return std::unexpected(Failure{"policyd-codegen did not answer"});
  return std::move(*objects);
}

std::expected<std::vector<BlockObject>, std::string> CodegenProcess::AskEach(
    const Program& program, std::span<const std::uint32_t> blocks, const char* argument) {
  std::vector<BlockObject> objects;
  while (objects.size() < blocks.size()) {
    const auto part = blocks.subspan(
        objects.size(), std::min(kBlocksPerRequestMax, blocks.size() - objects.size()));
    auto answered = AskOnce(program, part, argument);
    if (answered) {
      std::ranges::move(*answered, std::back_inserter(objects));
      continue;
    }
    if (answered.error().is_final) return std::unexpected(std::move(answered.error().why));
    for (const std::uint32_t block : part) {
      auto alone = AskOnce(program, {&block, 1}, argument);
      if (!alone && alone.error().is_final) return std::unexpected(std::move(alone.error().why));
      objects.push_back(alone ? std::move(alone->front())
                              : std::unexpected(std::move(alone.error().why)));
    }
  }
  return objects;
}

std::expected<std::vector<BlockObject>, std::string> CodegenProcess::Ask(
    const Program& program, std::span<const std::uint32_t> blocks) {
  return AskEach(program, blocks, nullptr);
}

std::expected<std::vector<BlockObject>, std::string> CodegenProcess::Print(
    const Program& program, std::span<const std::uint32_t> blocks) {
  return AskEach(program, blocks, kPrintArgument);
}

void CodegenProcess::Stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  if (running_ >= 0) ::syscall(SYS_pidfd_send_signal, running_, SIGKILL, nullptr, 0);
}

}  // namespace policy::jit
