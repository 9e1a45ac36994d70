// Letter case as lenient JSON readers ignore it: Unicode simple case folding, the relation of Go's
// strings.EqualFold (U+017F folds to s, U+212A to k).
#ifndef RUNTIME_VALUE_FOLD_H_
#define RUNTIME_VALUE_FOLD_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace policy {

// What `code_point` folds to; most fold to themselves.
char32_t FoldCodePoint(char32_t code_point);

// Whether `code_point` folds to another, or another to it, or it is the dotted capital or the
// dotless small i, which some languages' letter case reads as an ASCII letter.
bool HasCase(char32_t code_point);

// Whether two UTF-8 texts are the same but for letter case. Never allocates.
bool EqualFolded(std::string_view a, std::string_view b);

// Appends the folded text: two texts are EqualFolded when theirs are equal.
void AppendFolded(std::string_view text, std::string& folded);

}  // namespace policy

#endif  // RUNTIME_VALUE_FOLD_H_
