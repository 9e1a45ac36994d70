#include "runtime/value/suggestion.h"

#include <algorithm>
#include <vector>

namespace policy {

namespace {

constexpr std::size_t kWordBytesMax = 64;  // longer words are no misspelling of ours

// Without what people vary in a name: letter case, `-`, `_` and blanks.
std::string Bare(std::string_view word) {
  std::string bare;
  for (char c : word) {
    if (c == '-' || c == '_' || c == ' ') continue;
    bare += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return bare;
}

// Edits that turn `a` into `b`: insert, remove, replace a byte, swap two neighbours.
std::size_t Distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> rows((a.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return rows[i * width + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = i + j;
        continue;
      }
      const bool same = a[i - 1] == b[j - 1];
      std::size_t best = at(i - 1, j - 1) + (same ? 0 : 1);
      best = std::min({best, at(i - 1, j) + 1, at(i, j - 1) + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, at(i - 2, j - 2) + 1);
      }
      at(i, j) = best;
    }
  }
  return rows.back();
}

}  // namespace

std::optional<Suggestion> NearestWord(std::string_view word,
                                      std::span<const std::string_view> known) {
  if (word.size() > kWordBytesMax) return std::nullopt;
  const std::string bare = Bare(word);
  std::optional<Suggestion> nearest;
  std::size_t nearest_distance = std::max<std::size_t>(1, bare.size() / 3) + 1;
  for (std::string_view candidate : known) {
    const std::size_t distance = Distance(bare, Bare(candidate));
    if (distance >= candidate.size()) continue;
    if (distance < nearest_distance) {
      // One slip in a short word turns it into another word: `gt`, `lt`.
      nearest = {candidate, distance == 0 || (distance == 1 && bare.size() >= 4)};
      nearest_distance = distance;
    } else if (nearest && distance == nearest_distance) {
      nearest->is_plain = false;
    }
  }
  return nearest;
}

std::string Enumerate(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += '`';
    text += words[i];
    text += '`';
  }
  return text;
}

}  // namespace policy
