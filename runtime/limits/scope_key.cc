#include "runtime/limits/scope_key.h"

#include <array>
#include <charconv>

namespace policy {

bool ScopeKey::Add(char tag, std::string_view text) {
  constexpr std::size_t kTagAndLengthBytesMax = 3;  // two bytes of LEB128 hold 2^14
  static_assert(kScopeKeyBytesMax < (1u << 14));
  if (text.size() > kScopeKeyBytesMax ||
      bytes_.size() + kTagAndLengthBytesMax + text.size() > kScopeKeyBytesMax) {
    return false;
  }
  bytes_.push_back(tag);
  std::size_t length = text.size();
  while (length >= 0x80) {
    bytes_.push_back(static_cast<char>(0x80 | (length & 0x7F)));
    length >>= 7;
  }
  bytes_.push_back(static_cast<char>(length));
  bytes_.append(text);
  return true;
}

std::optional<std::vector<ScopePart>> ParseScopeKey(std::string_view bytes) {
  constexpr std::string_view kTags = "GSTVAsnb";
  std::vector<ScopePart> parts;
  while (!bytes.empty()) {
    const char tag = bytes.front();
    bytes.remove_prefix(1);
    std::size_t length = 0;
    int shift = 0;
    bool has_more = true;
    while (has_more) {
      if (bytes.empty() || shift > 7) return std::nullopt;
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      length |= static_cast<std::size_t>(byte & 0x7F) << shift;
      shift += 7;
      has_more = (byte & 0x80) != 0;
    }
    if (!kTags.contains(tag) || length > bytes.size()) return std::nullopt;
    parts.push_back({.tag = tag, .text = bytes.substr(0, length)});
    bytes.remove_prefix(length);
  }
  return parts;
}

bool ScopeKey::AddValue(const Value& value) {
  switch (value.kind) {
    case ValueKind::String:
      return Add('s', value.text());
    case ValueKind::Bool:
      return Add('b', value.boolean ? "t" : "f");
    case ValueKind::Number: {
      // Normalised decimals are equal exactly when their members are.
      constexpr std::size_t kCoefficientBytesMax = 20;
      std::array<char, 32> text;
      char* end =
          std::to_chars(text.data(), text.data() + kCoefficientBytesMax, value.coefficient).ptr;
      *end++ = 'e';
      end = std::to_chars(end, text.data() + text.size(), static_cast<int>(value.exponent)).ptr;
      return Add('n', {text.data(), static_cast<std::size_t>(end - text.data())});
    }
    default:
      return false;
  }
}

}  // namespace policy
