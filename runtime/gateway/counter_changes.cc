#include "runtime/gateway/counter_changes.h"

#include <algorithm>
#include <string_view>

#include "runtime/program/layout.h"
#include "runtime/vm/bound_policy.h"

namespace policy::gateway {
namespace {

std::string WindowText(const CounterIdentity& identity) {
  constexpr std::string_view kWindows[] = {"", "a day", "a week", "a month", "a lifetime"};
  if (identity.window == CounterWindow::Seconds) {
    return std::to_string(identity.window_seconds) + " s";
  }
  return std::string(kWindows[static_cast<std::size_t>(identity.window)]);
}

std::string_view KindText(CounterKind kind) {
  constexpr std::string_view kKinds[] = {"fixed", "sliding", "a bucket", "of calls at once"};
  return kKinds[static_cast<std::size_t>(kind)];
}

// What is another one than before, in words.
std::string WhyAnew(const CounterIdentity& before, const CounterIdentity& after) {
  std::string why;
  const auto add = [&why](std::string_view what, std::string_view from, std::string_view to) {
    if (from == to) return;
    if (!why.empty()) why += ", and ";
    why.append("its ").append(what).append(" was ").append(from).append(" and is ").append(to);
  };
  add("kind", KindText(before.kind), KindText(after.kind));
  add("window", WindowText(before), WindowText(after));
  // A window of seconds has no zone.
  if (!before.zone.empty() && !after.zone.empty()) add("zone", before.zone, after.zone);
  add("scale", std::to_string(before.scale), std::to_string(after.scale));
  add("scope", before.scope, after.scope);
  return why;
}

const DeclaredCounter* Find(std::span<const DeclaredCounter> counters, const std::string& name) {
  for (const DeclaredCounter& counter : counters) {
    if (counter.identity.name == name) return &counter;
  }
  return nullptr;
}

}  // namespace

std::vector<DeclaredCounter> DeclaredCounters(const Program& program) {
  const Layout& layout = program.layout();
  std::vector<DeclaredCounter> declared;
  for (std::uint32_t id = 0; id < layout.counters().size(); ++id) {
    const format::Counter& counter = layout.counters()[id];
    const bool counts_amounts =
        std::ranges::any_of(layout.limits(), [id](const format::Limit& limit) {
          return limit.counter == id && limit.cost != format::CostKind::One;
        });
    const bool is_lifetime = counter.window == format::WindowKind::Lifetime &&
                             counter.algorithm == format::Algorithm::Fixed;
    declared.push_back(
        {.identity = IdentityOf(layout, counter, {}), .is_strict = counts_amounts || is_lifetime});
  }
  return declared;
}

CounterChanges CompareCounters(std::span<const DeclaredCounter> before,
                               std::span<const DeclaredCounter> after,
                               std::span<const std::string> may_reset) {
  CounterChanges changes;
  std::string gone;  // a strict counter that has another name now, or is no more
  for (const DeclaredCounter& counter : before) {
    const bool is_there = Find(after, counter.identity.name) != nullptr;
    if (counter.is_strict && !is_there && gone.empty()) gone = counter.identity.name;
  }
  for (const DeclaredCounter& counter : after) {
    const std::string& name = counter.identity.name;
    const DeclaredCounter* known = Find(before, name);
    if (known != nullptr && known->identity == counter.identity) continue;
    const bool is_strict = counter.is_strict || (known != nullptr && known->is_strict);
    std::string line = "counter `" + name + "` begins anew: ";
    if (known != nullptr) {
      line += WhyAnew(known->identity, counter.identity);
    } else if (is_strict && !gone.empty()) {
      line += "`" + gone + "` is gone, and this one may be it under another name";
    } else {
      continue;  // a limit that was not there before
    }
    const bool is_allowed = std::ranges::find(may_reset, name) != may_reset.end();
    if (is_strict && !is_allowed && !changes.refusal) {
      changes.refusal = line;
      changes.refusal->append("; it counts an amount or for a lifetime, which no edit resets: to ")
          .append("mean it, start policyd with --reset ")
          .append(name);
    }
    changes.lines.push_back(std::move(line));
  }
  return changes;
}

}  // namespace policy::gateway
