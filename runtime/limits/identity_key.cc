#include "runtime/limits/identity_key.h"

#include <cstdint>

#include "runtime/limits/wire.h"

namespace policy {

std::string IdentityKey(const CounterIdentity& identity) {
  std::string bytes;
  WireWriter writer(bytes);
  writer.Text(identity.attachment);
  writer.Text(identity.name);
  writer.Number(static_cast<std::uint8_t>(identity.window));
  writer.Number(identity.window_seconds);
  writer.Text(identity.zone);
  writer.Number(identity.scale);
  writer.Text(identity.scope);
  // Left out where it says nothing: keys stand in files of before there were kinds.
  if (identity.kind != CounterKind::Fixed) writer.Number(static_cast<std::uint8_t>(identity.kind));
  return bytes;
}

std::optional<CounterIdentity> ParseIdentityKey(std::string_view key) {
  WireReader reader(key);
  CounterIdentity identity;
  identity.attachment = reader.Text();
  identity.name = reader.Text();
  const auto window = reader.Number<std::uint8_t>();
  identity.window = static_cast<CounterWindow>(window);
  identity.window_seconds = reader.Number<std::uint32_t>();
  identity.zone = reader.Text();
  identity.scale = reader.Number<std::uint8_t>();
  identity.scope = reader.Text();
  const bool is_known = window <= static_cast<std::uint8_t>(CounterWindow::Lifetime);
  if (reader.IsDone() && is_known) return identity;
  const auto kind = reader.Number<std::uint8_t>();
  identity.kind = static_cast<CounterKind>(kind);
  const bool is_kind = kind >= 1 && kind <= static_cast<std::uint8_t>(CounterKind::Concurrency);
  if (!reader.IsDone() || !is_known || !is_kind) return std::nullopt;
  return identity;
}

}  // namespace policy
