// The reserved words of the text form. They are names only after a dot and as argument labels.
#ifndef GRAMMAR_KEYWORDS_H_
#define GRAMMAR_KEYWORDS_H_

#include <span>
#include <string_view>

namespace policy {

bool IsKeyword(std::string_view word);
// All of them, sorted.
std::span<const std::string_view> Keywords();

// Whether `name` needs no quotes where the text form takes a name: a letter or `_`, then letters,
// digits and `_`, ASCII alone, and no keyword.
bool IsPlainName(std::string_view name);

}  // namespace policy

#endif  // GRAMMAR_KEYWORDS_H_
