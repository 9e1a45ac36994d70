#include "tests/reference/shell_words.h"

#include <re2/re2.h>

namespace reference {
namespace {

// Nothing that any shell reads as more than a part of a word; beyond ASCII, no white space, no
// invisible and no full-width character.
const char kPlain[] =
    R"((?:[A-Za-z0-9_\-+=.,:/@ \t]|[^\x{00}-\x{A0}\x{AD}\x{1680}\x{180E}\x{2000}-\x{206F}\x{3000})"
    R"(\x{FEFF}\x{FF00}-\x{FFEF}])*)";

}  // namespace

std::optional<std::vector<std::string>> ShellWordsOf(std::string_view command) {
  static const RE2 plain(kPlain);
  static const RE2 word(R"([ \t]*([^ \t]+))");
  re2::StringPiece rest(command.data(), command.size());
  if (!RE2::FullMatch(rest, plain)) return std::nullopt;
  std::vector<std::string> words;
  for (std::string next; RE2::Consume(&rest, word, &next);) words.push_back(next);
  for (const std::string& each : words) {
    if (each[0] == '=') return std::nullopt;
  }
  const bool is_assignment = !words.empty() && words[0].find('=') != std::string::npos;
  return is_assignment ? std::nullopt : std::optional(words);
}

}  // namespace reference
