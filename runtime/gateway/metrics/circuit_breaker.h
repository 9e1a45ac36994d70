// A server that fails is left alone for a while, and then tried with one call.
#ifndef RUNTIME_GATEWAY_METRICS_CIRCUIT_BREAKER_H_
#define RUNTIME_GATEWAY_METRICS_CIRCUIT_BREAKER_H_

#include <cstdint>

namespace policy::gateway {

// Closed: calls go through. Open: none does. Half open: one does, and what comes of it decides.
enum class BreakerState : std::uint8_t { Closed, Open, HalfOpen };

// One a worker and server. Times are monotonic nanoseconds. Not thread-safe.
//
//   if (!breaker.Admit(now)) …answer with an error: the server is left alone
//   …later exactly one of Succeeded, Failed, Abandoned for each that was admitted
class CircuitBreaker {
 public:
  // Opens after `failures` one after another (0: never), for `open_ms`; each time that the trial
  // fails for twice as long, at most kOpenFactorMax times as long.
  CircuitBreaker(std::uint32_t failures, std::uint32_t open_ms)
      : failures_max_(failures), open_ms_(open_ms) {}

  static constexpr std::uint32_t kOpenFactorMax = 16;

  bool Admit(std::int64_t now_ns);
  // It answered; an error that it answers with is an answer.
  void Succeeded();
  // No connection, no answer in time, a status of 502, 503 or 504.
  void Failed(std::int64_t now_ns);
  // What was admitted came to nothing that tells of the server: the client cancelled.
  void Abandoned();

  BreakerState state(std::int64_t now_ns) const;
  // Until a call is tried again; 0 when one is now.
  std::int64_t retry_after_ms(std::int64_t now_ns) const;

 private:
  std::uint32_t failures_max_;
  std::uint32_t open_ms_;
  std::uint32_t failures_ = 0;
  std::uint32_t factor_ = 1;
  std::int64_t open_until_ns_ = 0;
  bool is_open_ = false;
  bool is_trying_ = false;  // the one call of half open is on its way
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_METRICS_CIRCUIT_BREAKER_H_
