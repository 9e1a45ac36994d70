// The words of a command line, where every shell splits it alike.
#ifndef TESTS_REFERENCE_SHELL_WORDS_H_
#define TESTS_REFERENCE_SHELL_WORDS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reference {

// nullopt: shells differ on it, or it runs more than one command.
std::optional<std::vector<std::string>> ShellWordsOf(std::string_view command);

}  // namespace reference

#endif  // TESTS_REFERENCE_SHELL_WORDS_H_
