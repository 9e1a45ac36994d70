// What a worker lends to everything that lives in it.
#ifndef RUNTIME_GATEWAY_SERVE_SERVE_TOOLS_H_
#define RUNTIME_GATEWAY_SERVE_SERVE_TOOLS_H_

#include <functional>
#include <string>
#include <string_view>

#include "runtime/gateway/decision_log.h"
#include "runtime/limits/clock.h"
#include "runtime/transport/event_loop.h"

namespace policy::gateway {

// All of it outlives what it is lent to. Not thread-safe: one a worker.
struct ServeTools {
  transport::EventLoop& loop;
  Clock& clock;
  DecisionLog* log = nullptr;                          // null: none is kept
  std::function<void(std::string_view line)> say;      // a line for the operator
  std::function<void(std::string bytes)> pass_errors;  // what children write to standard error
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVE_TOOLS_H_
