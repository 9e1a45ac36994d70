// Tool patterns against each other, before any tool is known.
#ifndef COMPILER_RESOLVE_PATTERN_H_
#define COMPILER_RESOLVE_PATTERN_H_

#include <string_view>

namespace policy {

// Whether the pattern names one tool exactly.
bool IsExact(std::string_view pattern);

// Whether the pattern is only stars: it adds rules to every tool and never admits one.
bool MatchesEverything(std::string_view pattern);

// Whether some name matches both.
bool PatternsOverlap(std::string_view a, std::string_view b);

}  // namespace policy

#endif  // COMPILER_RESOLVE_PATTERN_H_
