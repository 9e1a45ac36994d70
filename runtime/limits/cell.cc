#include "runtime/limits/cell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace policy {
namespace {

constexpr int kSpinsMax = 200;  // about the time of ten critical sections
constexpr timespec kLockWaitMax = {.tv_sec = 0, .tv_nsec = 1'000'000};

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void CounterCell::LockSlowly() {
  for (int spin = 0; spin < kSpinsMax; ++spin) {
    Pause();
    std::uint32_t expected = kFree;
    if (lock_word.load(std::memory_order_relaxed) == kFree &&
        lock_word.compare_exchange_weak(expected, kLocked, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      return;
    }
  }
  // Whoever slept takes the lock as contended, so that its own Unlock wakes the next.
  while (lock_word.exchange(kContended, std::memory_order_acquire) != kFree) {
    syscall(SYS_futex, &lock_word, FUTEX_WAIT_PRIVATE, kContended, &kLockWaitMax, nullptr, 0);
  }
}

void CounterCell::WakeWaiter() {
  syscall(SYS_futex, &lock_word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace policy
