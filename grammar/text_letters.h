// Letters that are not what they look like: characters that are not seen, and letters of one
// alphabet that look like those of another.
//
// No more than what guards names against mistakes and tricks needs; the tables of Unicode's
// security report (UTS 39) are far larger.
#ifndef GRAMMAR_TEXT_LETTERS_H_
#define GRAMMAR_TEXT_LETTERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policy {

// Controls that change the order in which what is around them is shown.
bool IsReordering(char32_t letter);

// Characters without any shape: controls, joiners, fillers, tags, odd blanks.
bool IsHidden(char32_t letter);

// Marks that are put on the letter before: a letter with its mark has two spellings, which look
// alike.
bool IsCombiningMark(char32_t letter);

// Alphabets whose letters can be taken for each other's.
enum class Alphabet : std::uint8_t { Latin, Greek, Cyrillic, Armenian, Cherokee };
std::string_view NameOf(Alphabet alphabet);

// nullopt: a digit, a sign, or a letter of a script that looks like no other.
std::optional<Alphabet> AlphabetOf(char32_t letter);

// Appends what `letter` looks like, as Latin letters where it looks like one.
void AppendSkeleton(char32_t letter, std::string& skeleton);

}  // namespace policy

#endif  // GRAMMAR_TEXT_LETTERS_H_
