#include "runtime/mcp/header_value.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "runtime/value/utf8.h"

namespace policy::mcp {
namespace {

constexpr std::string_view kOpening = "=?base64?";
constexpr std::string_view kClosing = "?=";

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

bool IsPlain(char c) { return c == '\t' || (c >= ' ' && c <= '~'); }

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

// Also where the two overlap, as in "=?base64?=": some readers take that for an empty text.
bool LooksEncoded(std::string_view value) {
  return value.starts_with(kOpening) && value.ends_with(kClosing);
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t size = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < size ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= size ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    std::size_t size = 3;
    if (is_last && text[i + 3] == '=') size = text[i + 2] == '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint8_t value =
          k <= size ? kValues[static_cast<unsigned char>(text[i + k])] : std::uint8_t{0};
      if (value == kNoDigit) return std::nullopt;
      group = group << 6 | value;
    }
    // What is left over beyond the last byte is zero, or two texts would say the same bytes.
    if ((group & (0xFFFFFFu >> (8 * size))) != 0) return std::nullopt;
    for (std::size_t k = 0; k < size; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 0xFF);
  }
  return bytes;
}

std::optional<std::string> DecodeHeaderValue(std::string_view value) {
  if (!std::ranges::all_of(value, IsPlain)) return std::nullopt;
  while (!value.empty() && IsSpace(value.front())) value.remove_prefix(1);
  while (!value.empty() && IsSpace(value.back())) value.remove_suffix(1);
  if (!LooksEncoded(value)) return std::string(value);
  if (value.size() < kOpening.size() + kClosing.size()) return std::nullopt;
  value.remove_prefix(kOpening.size());
  value.remove_suffix(kClosing.size());
  auto text = DecodeBase64(value);
  if (!text || !IsValidUtf8(*text)) return std::nullopt;
  return text;
}

std::string EncodeHeaderValue(std::string_view text) {
  const bool is_plain = !text.empty() && std::ranges::all_of(text, IsPlain) &&
                        !IsSpace(text.front()) && !IsSpace(text.back()) && !LooksEncoded(text);
  if (is_plain) return std::string(text);
  return std::string(kOpening) + EncodeBase64(text) + std::string(kClosing);
}

}  // namespace policy::mcp
