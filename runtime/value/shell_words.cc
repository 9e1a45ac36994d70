#include "runtime/value/shell_words.h"

#include <algorithm>
#include <array>

#include "runtime/value/utf8.h"

namespace policy {

namespace {

constexpr std::string_view kBlanks = " \t";

constexpr std::array<bool, 128> kIsPlain = [] {
  std::array<bool, 128> plain{};
  for (std::size_t c = 0; c < plain.size(); ++c) {
    plain[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
  for (const char c : std::string_view("_-+=.,:/@ \t")) plain[static_cast<unsigned char>(c)] = true;
  return plain;
}();

struct CodePointRange {
  char32_t first;
  char32_t last;
};

// What a shell, a terminal or a change of character set may read as a blank, a quote or nothing.
constexpr CodePointRange kUncertain[] = {{0x0080, 0x00A0}, {0x00AD, 0x00AD}, {0x1680, 0x1680},
                                         {0x180E, 0x180E}, {0x2000, 0x206F}, {0x3000, 0x3000},
                                         {0xFEFF, 0xFEFF}, {0xFF00, 0xFFEF}};

bool IsUncertain(char32_t code_point) {
  return std::ranges::any_of(kUncertain, [code_point](const CodePointRange& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

bool HasPlainCharacters(std::string_view text) {
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte < kIsPlain.size()) {
      if (!kIsPlain[byte]) return false;
      text.remove_prefix(1);
      continue;
    }
    const std::size_t size = Utf8SequenceSize(text);
    if (size == 0 || IsUncertain(DecodeUtf8(text.substr(0, size)))) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

bool IsPlainCommand(std::string_view command) {
  if (!HasPlainCharacters(command)) return false;
  bool is_first = true;
  WordWalk walk(command);
  for (std::string_view word; walk.Next(word); is_first = false) {
    if (word.starts_with('=') || (is_first && word.contains('='))) return false;
  }
  return true;
}

bool WordWalk::Next(std::string_view& word) {
  const std::size_t begin = rest_.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return false;
  rest_.remove_prefix(begin);
  word = rest_.substr(0, rest_.find_first_of(kBlanks));
  rest_.remove_prefix(word.size());
  return true;
}

}  // namespace policy
