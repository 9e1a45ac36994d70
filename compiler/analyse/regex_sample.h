// Texts that a regular expression matches, made up from the expression.
#ifndef COMPILER_ANALYSE_REGEX_SAMPLE_H_
#define COMPILER_ANALYSE_REGEX_SAMPLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace policy {

// A few texts that mostly match; who needs to be sure asks the expression. Reads common syntax
// (alternation, groups, classes, repetition) and leaves anchors out; empty where it meets something
// else.
std::vector<std::string> RegexSamples(std::string_view regex);

}  // namespace policy

#endif  // COMPILER_ANALYSE_REGEX_SAMPLE_H_
