// Calls over many connections at once, and how long each took.
#ifndef BENCH_GATEWAY_HTTP_LOAD_H_
#define BENCH_GATEWAY_HTTP_LOAD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "bench/gateway/calls.h"
#include "bench/gateway/http/connection.h"

namespace policy::bench {

struct Measured {
  std::vector<std::uint32_t> latencies_ns;  // sorted
  double seconds = 0;
  std::uint64_t wrong = 0;      // answers
  std::uint64_t rewritten = 0;  // the same in other bytes
};

struct Load {
  std::size_t connections = 1;
  std::chrono::milliseconds lasts{1'000};
  // Calls a second, due at even times whether or not those before are answered, and timed from
  // then. 0: each connection sends its next when the last is answered.
  double rate = 0;
  std::function<void()> begun;  // called when all sessions are open
};

// Sessions are opened first, one a connection. Ends this program where the other side does not
// behave.
Measured Apply(const Load& load, const Target& target, const Calls& calls);

}  // namespace policy::bench

#endif  // BENCH_GATEWAY_HTTP_LOAD_H_
