#include "grammar/xml_text.h"

#include "runtime/value/utf8.h"

namespace policy {

namespace {

// What stands for an ASCII character that cannot stand for itself; empty: it can.
std::string_view ReferenceOf(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\t':
    case '\n':
      return "";
    case '\r':
      return "&#13;";
    default:
      return static_cast<unsigned char>(c) < 0x20 ? "\uFFFD" : "";
  }
}

}  // namespace

std::string XmlText(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const std::size_t size = Utf8SequenceSize(text);
    if (size == 0) {
      escaped += "\uFFFD";
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, size);
    text.remove_prefix(size);
    if (size == 1) {
      const std::string_view reference = ReferenceOf(sequence.front());
      escaped += reference.empty() ? sequence : reference;
      continue;
    }
    const char32_t c = DecodeUtf8(sequence);
    escaped += c == 0xFFFE || c == 0xFFFF ? "\uFFFD" : sequence;
  }
  return escaped;
}

}  // namespace policy
