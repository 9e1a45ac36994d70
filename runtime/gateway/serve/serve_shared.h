// What all workers of a process share. Everything in it is thread-safe, or does not change.
#ifndef RUNTIME_GATEWAY_SERVE_SERVE_SHARED_H_
#define RUNTIME_GATEWAY_SERVE_SERVE_SHARED_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/gateway/counter_check.h"
#include "runtime/gateway/metrics/metrics.h"
#include "runtime/gateway/serve/in_flight.h"
#include "runtime/gateway/serve/session_seal.h"
#include "runtime/limits/clock.h"
#include "runtime/transport/http/byte_budget.h"

namespace policy::gateway {

class Worker;

struct ServeShared {
  Clock& clock;
  Counters& counters;
  CounterPlace counter_place = CounterPlace::Shared;
  std::shared_ptr<const Program> deny_all;  // decides where no policy does
  SessionSeal seal;
  Metrics& metrics;
  std::function<void(std::string line)> say;           // from any thread
  std::function<void(std::string bytes)> pass_errors;  // likewise
  std::shared_ptr<transport::ByteBudget> body_budget;
  InFlight in_flight;
  std::atomic<std::uint32_t> sessions{0};
  std::atomic<std::uint32_t> children{0};
  std::size_t worker_count = 1;
  std::vector<Worker*> workers;  // complete before the first of them runs
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVE_SHARED_H_
