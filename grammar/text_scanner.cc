#include "grammar/text_scanner.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/value/utf8.h"

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kShownBytesMax = 40;  // of a token in a message

constexpr std::array kFileStatements = {"policy"sv, "default"sv, "zone"sv,  "use"sv,  "include"sv,
                                        "let"sv,    "counter"sv, "label"sv, "fact"sv, "tool"sv,
                                        "hide"sv,   "redact"sv,  "test"sv};
constexpr std::array kToolStatements = {"allow"sv,   "deny"sv,  "require"sv,
                                        "approve"sv, "limit"sv, "charge"sv};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::size_t SkipSpace(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
      ++at;
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  return at;
}

TextToken ScanString(std::string_view text, std::size_t begin, std::size_t quote,
                     bool has_escapes) {
  for (std::size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '\n') return {TextToken::Kind::String, begin, i, false};
    if (text[i] == '"') return {TextToken::Kind::String, begin, i + 1, true};
    if (has_escapes && text[i] == '\\' && i + 1 < text.size() && text[i + 1] != '\n') ++i;
  }
  return {TextToken::Kind::String, begin, text.size(), false};
}

// Signs of two characters, ours and those of other languages.
constexpr std::array kLongSigns = {"==="sv, "!=="sv, "=="sv, "!="sv, "<="sv, ">="sv,
                                   "=<"sv,  "=>"sv,  "<>"sv, "&&"sv, "||"sv, "??"sv,
                                   "=~"sv,  "!~"sv,  ":="sv, "**"sv};

TextToken ScanSign(std::string_view text, std::size_t begin) {
  for (std::string_view sign : kLongSigns) {
    if (text.substr(begin, sign.size()) == sign) {
      return {TextToken::Kind::Sign, begin, begin + sign.size()};
    }
  }
  const std::size_t size = std::max<std::size_t>(1, Utf8SequenceSize(text.substr(begin)));
  return {TextToken::Kind::Sign, begin, begin + size};
}

bool IsOneOf(std::string_view word, auto words) {
  return std::ranges::find(words, word) != words.end();
}

// Whether the word at `token` begins what `recovery` looks for; `before` is what stands before it.
bool BeginsStatement(std::string_view text, const TextToken& token, char before,
                     Recovery recovery) {
  const std::string_view word = text.substr(token.begin, token.end - token.begin);
  if (before == '.') return false;
  const TextToken next = ScanToken(text, token.end);
  const char after = next.kind == TextToken::Kind::Sign ? text[next.begin] : ' ';
  if (after == ':') return false;  // a label
  if (word == "args" && recovery == Recovery::ToolStatement) {
    const std::string_view follower = text.substr(next.begin, next.end - next.begin);
    return follower == "only" || (follower == "any" && text[next.begin - 1] != '.');
  }
  return recovery == Recovery::ToolStatement ? IsOneOf(word, kToolStatements)
                                             : recovery == Recovery::TestCall && word == "call";
}

bool BeginsFileStatement(std::string_view text, const TextToken& token, char before) {
  const std::string_view word = text.substr(token.begin, token.end - token.begin);
  if (before == '.' || !IsOneOf(word, kFileStatements)) return false;
  const TextToken next = ScanToken(text, token.end);
  if (next.kind != TextToken::Kind::Sign) return true;
  const char after = text[next.begin];
  return after != ':' && after != '.' && after != '[';
}

}  // namespace

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || IsDigit(c);
}

TextToken ScanToken(std::string_view text, std::size_t offset) {
  const std::size_t begin = SkipSpace(text, offset);
  if (begin >= text.size()) return {TextToken::Kind::End, text.size(), text.size()};
  const char c = text[begin];
  if (c == '"') return ScanString(text, begin, begin, /*has_escapes=*/true);
  if (text.substr(begin, 2) == "r\"") return ScanString(text, begin, begin + 1, false);
  if (!IsNameCharacter(c)) return ScanSign(text, begin);
  const bool is_number = IsDigit(c);
  std::size_t end = begin;
  while (end < text.size() && (IsNameCharacter(text[end]) || (is_number && text[end] == '.'))) {
    ++end;
  }
  return {is_number ? TextToken::Kind::Number : TextToken::Kind::Word, begin, end};
}

std::string Describe(std::string_view text, const TextToken& token) {
  if (token.kind == TextToken::Kind::End) return "the end of the file";
  std::string_view shown = text.substr(token.begin, token.end - token.begin);
  if (shown.size() <= kShownBytesMax) return fmt::format("`{}`", shown);
  shown = shown.substr(0, kShownBytesMax);
  while ((static_cast<unsigned char>(text[token.begin + shown.size()]) & 0xC0) == 0x80) {
    shown.remove_suffix(1);
  }
  return fmt::format("`{}…`", shown);
}

std::size_t FindNextStatement(std::string_view text, std::size_t begin, std::size_t offset,
                              Recovery recovery) {
  int level = 0;
  char before = ' ';
  std::size_t at = begin;
  while (true) {
    const TextToken token = ScanToken(text, at);
    if (token.kind == TextToken::Kind::End) return token.end;
    const bool can_stop = token.begin >= offset && token.begin > begin;
    if (can_stop && token.kind == TextToken::Kind::Word) {
      if (BeginsFileStatement(text, token, before)) return token.begin;
      if (level == 0 && BeginsStatement(text, token, before, recovery)) return token.begin;
    }
    if (token.kind == TextToken::Kind::Sign) {
      if (text[token.begin] == '{') ++level;
      if (text[token.begin] == '}') {
        if (level == 0 && recovery != Recovery::FileStatement && can_stop) return token.begin;
        level = std::max(level - 1, 0);
      }
    }
    before = text[token.end - 1];
    at = token.end;
  }
}

}  // namespace policy
