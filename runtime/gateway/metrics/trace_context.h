// W3C Trace Context: the traceparent header, checked, passed on or made.
#ifndef RUNTIME_GATEWAY_METRICS_TRACE_CONTEXT_H_
#define RUNTIME_GATEWAY_METRICS_TRACE_CONTEXT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policy::gateway {

// "00-TRACE-PARENT-FLAGS": what a request belongs to.
struct TraceContext {
  std::array<char, 32> trace_id;   // lower-case hexadecimal, not all zero
  std::array<char, 16> parent_id;  // likewise: the caller's span, or ours towards the server
  std::uint8_t flags = 0;

  std::string_view trace() const { return {trace_id.data(), trace_id.size()}; }
  std::string ToHeader() const;
};

// nullopt: it is not one, and is treated as if it were not there.
std::optional<TraceContext> ParseTraceparent(std::string_view header);

// What goes to the server for a request that came with `header` (empty: none): the same trace with
// a span of our own, or a new trace. `random`: 24 random bytes, of which the ids are made.
TraceContext ContinueTrace(std::string_view header, const std::array<std::uint8_t, 24>& random);

// A tracestate that may be passed on: printable ASCII of at most 512 bytes. Without a valid
// traceparent it is dropped.
bool IsTracestate(std::string_view header);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_METRICS_TRACE_CONTEXT_H_
