// Whether a regular expression says something about the whole text.
#ifndef COMPILER_ANALYSE_REGEX_ANCHOR_H_
#define COMPILER_ANALYSE_REGEX_ANCHOR_H_

#include <string_view>

namespace policy {

// True when a match begins at the text's begin and ends at its end. Reads the expression's own
// text: an anchor inside a group, or one in each branch of an alternation, is not recognised.
// REQUIRES: `regex` compiles.
bool IsAnchored(std::string_view regex);

}  // namespace policy

#endif  // COMPILER_ANALYSE_REGEX_ANCHOR_H_
