#include "runtime/transport/signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "policy/check.h"

namespace policy::transport {
namespace {

sigset_t SetOf(const std::vector<int>& signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

void BlockSignals(const std::vector<int>& signals) {
  const sigset_t set = SetOf(signals);
  CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  ::signal(SIGPIPE, SIG_IGN);
}

SignalSource::SignalSource(EventLoop& loop, const std::vector<int>& signals,
                           std::function<void(int signal)> arrived)
    : loop_(loop), arrived_(std::move(arrived)) {
  const sigset_t set = SetOf(signals);
  descriptor_ = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  CHECK(descriptor_.is_open());
  loop_.Watch(descriptor_.number(), {.readable = true}, *this);
}

SignalSource::~SignalSource() { loop_.Unwatch(descriptor_.number()); }

void SignalSource::OnReady(Interest) {
  signalfd_siginfo info{};
  while (::read(descriptor_.number(), &info, sizeof(info)) == sizeof(info)) {
    arrived_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace policy::transport
