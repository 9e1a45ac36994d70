#include "runtime/gateway/metrics/circuit_breaker.h"

#include <algorithm>

namespace policy::gateway {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

}  // namespace

bool CircuitBreaker::Admit(std::int64_t now_ns) {
  if (!is_open_) return true;
  if (is_trying_ || now_ns < open_until_ns_) return false;
  is_trying_ = true;
  return true;
}

void CircuitBreaker::Succeeded() {
  failures_ = 0;
  factor_ = 1;
  is_open_ = false;
  is_trying_ = false;
}

void CircuitBreaker::Failed(std::int64_t now_ns) {
  if (failures_max_ == 0) return;
  if (is_open_) {
    // A call that was sent before it opened says nothing that is not known.
    if (!is_trying_) return;
    factor_ = std::min(factor_ * 2, kOpenFactorMax);
  } else if (++failures_ < failures_max_) {
    return;
  }
  is_open_ = true;
  is_trying_ = false;
  open_until_ns_ = now_ns + std::int64_t{open_ms_} * factor_ * kNanosecondsPerMillisecond;
}

void CircuitBreaker::Abandoned() { is_trying_ = false; }

BreakerState CircuitBreaker::state(std::int64_t now_ns) const {
  if (!is_open_) return BreakerState::Closed;
  return is_trying_ || now_ns >= open_until_ns_ ? BreakerState::HalfOpen : BreakerState::Open;
}

std::int64_t CircuitBreaker::retry_after_ms(std::int64_t now_ns) const {
  if (!is_open_ || now_ns >= open_until_ns_) return 0;
  return (open_until_ns_ - now_ns + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond;
}

}  // namespace policy::gateway
