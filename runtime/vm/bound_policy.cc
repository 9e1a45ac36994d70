#include "runtime/vm/bound_policy.h"

#include <string>
#include <utility>

#include "runtime/program/layout.h"

namespace policy {
namespace {

CounterWindow WindowOf(format::WindowKind window) {
  switch (window) {
    case format::WindowKind::Seconds:
      return CounterWindow::Seconds;
    case format::WindowKind::Day:
      return CounterWindow::Day;
    case format::WindowKind::Week:
      return CounterWindow::Week;
    case format::WindowKind::Month:
      return CounterWindow::Month;
    case format::WindowKind::Lifetime:
      return CounterWindow::Lifetime;
  }
  return CounterWindow::Lifetime;
}

CounterKind KindOf(format::Algorithm algorithm) {
  switch (algorithm) {
    case format::Algorithm::Fixed:
      return CounterKind::Fixed;
    case format::Algorithm::Sliding:
      return CounterKind::Sliding;
    case format::Algorithm::Bucket:
      return CounterKind::Bucket;
    case format::Algorithm::Concurrency:
      return CounterKind::Concurrency;
  }
  return CounterKind::Fixed;
}

// "grant,arg:args.to": the kinds in the order of the policy, with the paths of arguments and
// claims.
std::string ScopeText(const Layout& layout, const format::Counter& counter) {
  constexpr std::string_view kKinds[] = {"grant", "session", "tool", "server", "global", "arg:"};
  std::string text;
  for (const format::Scope& scope :
       layout.scopes().subspan(counter.first_scope, counter.scope_count)) {
    if (!text.empty()) text += ',';
    text += kKinds[static_cast<std::size_t>(scope.kind)];
    if (scope.kind == format::ScopeKind::Slot) text += layout.SlotPath(scope.slot);
  }
  return text;
}

}  // namespace

CounterIdentity IdentityOf(const Layout& layout, const format::Counter& counter,
                           std::string_view attachment) {
  CounterIdentity identity;
  identity.attachment = attachment;
  identity.name = layout.text(counter.name);
  identity.window = WindowOf(counter.window);
  identity.window_seconds = counter.window_seconds;
  const bool is_calendar = identity.window == CounterWindow::Day ||
                           identity.window == CounterWindow::Week ||
                           identity.window == CounterWindow::Month;
  if (is_calendar) identity.zone = layout.zone();
  identity.scale = counter.scale;
  identity.scope = ScopeText(layout, counter);
  identity.kind = KindOf(counter.algorithm);
  return identity;
}

BoundPolicy::BoundPolicy(std::shared_ptr<const Program> program, Counters& counters,
                         std::string_view attachment)
    : program_(std::move(program)), counters_(counters) {
  const Layout& layout = program_->layout();
  tables_.reserve(layout.counters().size());
  for (const format::Counter& counter : layout.counters()) {
    tables_.push_back(counters_.Open(IdentityOf(layout, counter, attachment)));
  }
}

BoundPolicy::~BoundPolicy() {
  for (CounterTable* table : tables_) counters_.Close(table);
}

}  // namespace policy
