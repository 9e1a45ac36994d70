// How many calls of each grant are on their way, over all workers.
#ifndef RUNTIME_GATEWAY_SERVE_IN_FLIGHT_H_
#define RUNTIME_GATEWAY_SERVE_IN_FLIGHT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace policy::gateway {

// Counts of one grant. Thread-safe.
struct GrantUse {
  std::atomic<std::uint32_t> calls{0};
  std::atomic<std::uint32_t> sessions{0};

  // false: there are `max` already, and nothing was taken.
  static bool Take(std::atomic<std::uint32_t>& count, std::uint64_t max) {
    std::uint32_t now = count.load(std::memory_order_relaxed);
    while (now < max) {
      if (count.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
};

// Thread-safe.
class InFlight {
 public:
  std::shared_ptr<GrantUse> Of(const std::string& grant) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<GrantUse>& use = uses_[grant];
    if (use == nullptr) use = std::make_shared<GrantUse>();
    return use;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<GrantUse>> uses_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_IN_FLIGHT_H_
