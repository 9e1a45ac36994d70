#include "compiler/analyse/regex_anchor.h"

#include <cstddef>

namespace policy {

namespace {

// Leading flags, "(?is)", apply to the rest and stand before its anchor.
std::string_view WithoutFlags(std::string_view regex) {
  if (!regex.starts_with("(?")) return regex;
  const std::size_t end = regex.find_first_not_of("imsU-", 2);
  return end != std::string_view::npos && regex[end] == ')' ? regex.substr(end + 1) : regex;
}

// Past the class that begins at `at`: "[^]a]".
std::size_t AfterClass(std::string_view regex, std::size_t at) {
  ++at;
  if (at < regex.size() && regex[at] == '^') ++at;
  if (at < regex.size() && regex[at] == ']') ++at;
  while (at < regex.size() && regex[at] != ']') at += regex[at] == '\\' ? 2 : 1;
  return at + 1;
}

// Whether `|` parts the expression outside of every group, and where its last item begins.
struct Outline {
  bool has_alternation = false;
  std::string_view last;
};

Outline OutlineOf(std::string_view regex) {
  Outline outline;
  int depth = 0;
  for (std::size_t at = 0; at < regex.size();) {
    const std::size_t begin = at;
    const char c = regex[at];
    if (c == '\\') {
      at += 2;
    } else if (c == '[') {
      at = AfterClass(regex, at);
    } else {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      outline.has_alternation |= c == '|' && depth == 0;
      ++at;
    }
    outline.last = regex.substr(begin, at - begin);
  }
  return outline;
}

}  // namespace

bool IsAnchored(std::string_view regex) {
  regex = WithoutFlags(regex);
  const Outline outline = OutlineOf(regex);
  if (outline.has_alternation) return false;
  const bool begins = regex.starts_with('^') || regex.starts_with("\\A");
  return begins && (outline.last == "$" || outline.last == "\\z");
}

}  // namespace policy
