#include "runtime/value/glob.h"

#include <cstring>

namespace policy {

// glibc's memmem is linear.
std::size_t FindText(std::string_view text, std::string_view needle) {
  if (needle.empty()) return 0;
  if (text.size() < needle.size()) return std::string_view::npos;
  const void* at = memmem(text.data(), text.size(), needle.data(), needle.size());
  if (at == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

bool HoldsText(std::string_view text, std::string_view needle) {
  return FindText(text, needle) != std::string_view::npos;
}

// What stands before the first star and after the last is anchored; each piece between two stars is
// taken at its first place, which leaves the most room for the pieces after it.
bool GlobMatches(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  const std::size_t last = pattern.rfind('*');
  const std::string_view prefix = pattern.substr(0, first);
  const std::string_view suffix = pattern.substr(last + 1);
  if (text.size() < prefix.size() + suffix.size()) return false;
  if (!text.starts_with(prefix) || !text.ends_with(suffix)) return false;
  text = text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());

  std::string_view middle = pattern.substr(first, last - first);  // empty, or begins with a star
  while (!middle.empty()) {
    middle.remove_prefix(1);
    const std::string_view piece = middle.substr(0, middle.find('*'));
    const std::size_t at = FindText(text, piece);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + piece.size());
    middle.remove_prefix(piece.size());
  }
  return true;
}

}  // namespace policy
