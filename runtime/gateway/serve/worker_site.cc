#include "runtime/gateway/serve/worker_site.h"

#include <array>
#include <cstring>
#include <utility>

#include "runtime/gateway/metrics/trace_context.h"

namespace policy::gateway {

ServerSide::Headers TraceHeaders(WorkerSite& site, const transport::HttpRequestHead& head) {
  std::array<std::uint8_t, 24> random{};
  for (std::size_t i = 0; i < random.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t word = site.random();
    std::memcpy(&random[i], &word, sizeof(word));
  }
  const std::string_view parent = head.headers.Find("traceparent").value_or("");
  ServerSide::Headers headers = {{"traceparent", ContinueTrace(parent, random).ToHeader()}};
  const auto state = head.headers.Find("tracestate");
  if (state && IsTracestate(*state) && ParseTraceparent(parent)) {
    headers.emplace_back("tracestate", *state);
  }
  return headers;
}

Caller CallerOf(const Asked& asked, std::string session) {
  const Grant& grant = *asked.who.grant;
  return {.server = asked.server->name,
          .grant = grant.id,
          .grant_label = grant.label,
          .grant_tags = grant.tags_json,
          .grant_attributes = grant.attributes_json,
          .claims = asked.who.claims_json,
          .session = std::move(session),
          .client_name = {},
          .client_version = {}};
}

}  // namespace policy::gateway
