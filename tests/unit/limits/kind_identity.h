// The identity of a counter of a given kind.
#ifndef TESTS_UNIT_LIMITS_KIND_IDENTITY_H_
#define TESTS_UNIT_LIMITS_KIND_IDENTITY_H_

#include "policy/counters.h"

namespace policy {

// `seconds`: the window, where the kind has one.
inline CounterIdentity Identity(CounterKind kind, std::uint32_t seconds) {
  const bool has_window =
      kind != CounterKind::Concurrency && (kind != CounterKind::Fixed || seconds > 0);
  CounterIdentity identity;
  identity.attachment = "default/local";
  identity.name = "c";
  identity.window = has_window ? CounterWindow::Seconds : CounterWindow::Lifetime;
  identity.window_seconds = has_window ? seconds : 0;
  identity.scope = "grant";
  identity.kind = kind;
  return identity;
}

}  // namespace policy

#endif  // TESTS_UNIT_LIMITS_KIND_IDENTITY_H_
