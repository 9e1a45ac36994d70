#include "runtime/limits/identity_key.h"

#include <cstdint>

namespace policy {
namespace {

void PutNumber(std::string& bytes, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift));
}

void PutText(std::string& bytes, std::string_view text) {
  PutNumber(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.append(text);
}

std::optional<std::uint32_t> TakeNumber(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  bytes.remove_prefix(4);
  return value;
}

bool TakeText(std::string_view& bytes, std::string& text) {
  const std::optional<std::uint32_t> size = TakeNumber(bytes);
  if (!size || bytes.size() < *size) return false;
  text = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return true;
}

}  // namespace

std::string IdentityKey(const CounterIdentity& identity) {
  std::string bytes;
  PutText(bytes, identity.attachment);
  PutText(bytes, identity.name);
  PutNumber(bytes, static_cast<std::uint32_t>(identity.window));
  PutNumber(bytes, identity.window_seconds);
  PutText(bytes, identity.zone);
  PutNumber(bytes, identity.scale);
  PutText(bytes, identity.scope);
  return bytes;
}

std::optional<CounterIdentity> ParseIdentityKey(std::string_view key) {
  CounterIdentity identity;
  if (!TakeText(key, identity.attachment) || !TakeText(key, identity.name)) return std::nullopt;
  const std::optional<std::uint32_t> window = TakeNumber(key);
  const std::optional<std::uint32_t> window_seconds = TakeNumber(key);
  if (!window || *window > static_cast<std::uint32_t>(CounterWindow::Lifetime)) return std::nullopt;
  if (!window_seconds || !TakeText(key, identity.zone)) return std::nullopt;
  const std::optional<std::uint32_t> scale = TakeNumber(key);
  if (!scale || *scale > UINT8_MAX || !TakeText(key, identity.scope)) return std::nullopt;
  if (!key.empty()) return std::nullopt;
  identity.window = static_cast<CounterWindow>(*window);
  identity.window_seconds = *window_seconds;
  identity.scale = static_cast<std::uint8_t>(*scale);
  return identity;
}

}  // namespace policy
