#include "runtime/gateway/json_text.h"

#include <array>
#include <charconv>

#include "runtime/value/utf8.h"

namespace policy::gateway {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out.push_back(kHexDigits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHexDigits[static_cast<unsigned char>(c) & 15]);
  }
}

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t sequence = Utf8SequenceSize(text);
    if (sequence == 0) {
      out.append(kReplacement);
    } else if (sequence == 1) {
      AppendEscaped(out, text.front());
    } else {
      out.append(text.substr(0, sequence));
    }
    text.remove_prefix(sequence == 0 ? 1 : sequence);
  }
  out.push_back('"');
}

void AppendJsonNumber(std::string& out, std::int64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void AppendJsonNumber(std::string& out, std::optional<std::int64_t> number) {
  if (number) {
    AppendJsonNumber(out, *number);
  } else {
    out += "null";
  }
}

std::string OneLine(std::string_view text, std::size_t bytes_max) {
  std::string line;
  while (!text.empty()) {
    std::size_t sequence = Utf8SequenceSize(text);
    const bool is_control = sequence == 1 && (text.front() < ' ' || text.front() == '\x7F');
    // U+0080..U+009F are control characters too: terminals act on them.
    const bool is_c1 = sequence == 2 && text[0] == '\xC2' && text[1] < '\xA0';
    if (line.size() + (sequence == 0 ? 1 : sequence) > bytes_max) return line + "…";
    if (sequence == 0 || is_control || is_c1) {
      line.push_back('?');
    } else {
      line.append(text.substr(0, sequence));
    }
    text.remove_prefix(sequence == 0 ? 1 : sequence);
  }
  return line;
}

}  // namespace policy::gateway
