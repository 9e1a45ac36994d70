#include "runtime/gateway/counter_check.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "runtime/program/layout.h"

namespace policy::gateway {
namespace {

bool IsOfSession(const Layout& layout, const format::Counter& counter) {
  const auto scopes = layout.scopes().subspan(counter.first_scope, counter.scope_count);
  return std::ranges::any_of(
      scopes, [](const format::Scope& scope) { return scope.kind == format::ScopeKind::Session; });
}

// Windows at least this long are durable: a day, also where clocks change.
constexpr std::uint32_t kDurableWindowSeconds = 20 * 3'600;

bool CountsAmounts(const Layout& layout, std::uint32_t counter) {
  return std::ranges::any_of(layout.limits(), [counter](const format::Limit& limit) {
    return limit.counter == counter && limit.cost != format::CostKind::One;
  });
}

std::string WhyNotOpened(const Layout& layout) {
  return "cannot be opened: this machine does not know the zone `" + std::string(layout.zone()) +
         "`, its name is too long or there are too many counters";
}

}  // namespace

std::optional<std::string> WhyNotKept(const BoundPolicy& policy, CounterPlace place) {
  const Layout& layout = policy.program().layout();
  for (std::uint32_t id = 0; id < layout.counters().size(); ++id) {
    const format::Counter& counter = layout.counters()[id];
    const std::string name = "counter `" + std::string(layout.text(counter.name)) + "` ";
    if (policy.table(id) == nullptr) return name + WhyNotOpened(layout);
    const bool is_lifetime = counter.window == format::WindowKind::Lifetime &&
                             counter.algorithm == format::Algorithm::Fixed;
    if (place == CounterPlace::Private && is_lifetime && !IsOfSession(layout, counter)) {
      return name + "is for a lifetime, and --private-state begins it anew with every start";
    }
  }
  return std::nullopt;
}

bool HasDurableCounters(const Program& program) {
  const Layout& layout = program.layout();
  for (std::uint32_t id = 0; id < layout.counters().size(); ++id) {
    const format::Counter& counter = layout.counters()[id];
    if (counter.algorithm == format::Algorithm::Concurrency || IsOfSession(layout, counter)) {
      continue;
    }
    const bool is_short = counter.window == format::WindowKind::Seconds &&
                          counter.window_seconds < kDurableWindowSeconds;
    if (!is_short || CountsAmounts(layout, id)) return true;
  }
  return false;
}

}  // namespace policy::gateway
