#include "compiler/driver/decision_line.h"

#include <optional>

#include "runtime/program/layout.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/json_text.h"
#include "runtime/vm/message.h"

namespace policy {
namespace {

std::string NumberOrNull(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string ScopeText(const Layout& layout, const format::Counter& counter) {
  constexpr std::string_view kKinds[] = {"grant", "session", "tool", "server", "global"};
  std::string text;
  for (const format::Scope& scope :
       layout.scopes().subspan(counter.first_scope, counter.scope_count)) {
    if (!text.empty()) text += ",";
    text += scope.kind == format::ScopeKind::Slot
                ? layout.SlotPath(scope.slot)
                : std::string(kKinds[static_cast<std::size_t>(scope.kind)]);
  }
  return text;
}

void AppendQuota(const Layout& layout, const Quota& quota, std::string& line) {
  const format::Counter& counter = layout.counters()[layout.limits()[quota.limit].counter];
  line += R"({"counter":)";
  AppendJsonString(layout.text(counter.name), line);
  line += R"(,"scope":)";
  AppendJsonString(ScopeText(layout, counter), line);
  line += R"(,"limit":)" + ScaledText(quota.max, counter.scale);
  line += R"(,"used":)" + ScaledText(quota.used, counter.scale);
  line += R"(,"remaining":)" + ScaledText(quota.remaining, counter.scale);
  line += R"(,"window_end":)";
  if (quota.window_end_ms) {
    AppendJsonString(FormatInstant(*quota.window_end_ms * 1'000'000), line);
  } else {
    line += "null";
  }
  line += R"(,"retry_after_ms":)" + NumberOrNull(quota.retry_after_ms);
  line += quota.retryable ? R"(,"retryable":true})" : R"(,"retryable":false})";
}

}  // namespace

std::string DecisionLine(const Program& program, const Decision& decision) {
  std::string line = R"({"decision":")" + std::string(NameOf(decision.outcome));
  line += R"(","rules":[)";
  for (std::size_t i = 0; i < decision.rules.size(); ++i) {
    if (i != 0) line += ',';
    AppendJsonString(program.rule(decision.rules[i]).id, line);
  }
  line += R"(],"message":)";
  AppendJsonString(decision.message, line);
  line += R"(,"retry_after_ms":)" + NumberOrNull(decision.retry_after_ms);
  line += R"(,"limits":[)";
  for (std::size_t i = 0; i < decision.quotas.size(); ++i) {
    if (i != 0) line += ',';
    AppendQuota(program.layout(), decision.quotas[i], line);
  }
  return line + "]}";
}

}  // namespace policy
