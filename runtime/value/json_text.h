// Texts as JSON strings, for what the product itself writes.
#ifndef RUNTIME_VALUE_JSON_TEXT_H_
#define RUNTIME_VALUE_JSON_TEXT_H_

#include <string>
#include <string_view>

namespace policy {

// Appends `text` as a JSON string, quotes included. Escapes what JSON requires and nothing else.
inline void AppendJsonString(std::string_view text, std::string& json) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace policy

#endif  // RUNTIME_VALUE_JSON_TEXT_H_
