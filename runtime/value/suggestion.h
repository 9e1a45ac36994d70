// "did you mean": the known word that a wrong one was most likely meant to be.
#ifndef RUNTIME_VALUE_SUGGESTION_H_
#define RUNTIME_VALUE_SUGGESTION_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace policy {

struct Suggestion {
  std::string_view word;
  bool is_plain = false;  // no other word can have been meant: it may be put there unasked
};

// The word of `known` that is nearest to `word`, or nullopt when none is near enough to be worth
// naming. Letter case and the marks between words count nothing; a swap of neighbours counts as
// one edit.
std::optional<Suggestion> NearestWord(std::string_view word,
                                      std::span<const std::string_view> known);

// "`a`, `b` and `c`"
std::string Enumerate(std::span<const std::string_view> words);

}  // namespace policy

#endif  // RUNTIME_VALUE_SUGGESTION_H_
