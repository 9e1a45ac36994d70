// The verbs of one SQL statement, where the usual servers read the same words.
#ifndef TESTS_REFERENCE_SQL_H_
#define TESTS_REFERENCE_SQL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reference {

// In upper case, in order, at any depth. nullopt: several statements, none, or servers differ.
std::optional<std::vector<std::string>> SqlVerbsOf(std::string_view sql);

}  // namespace reference

#endif  // TESTS_REFERENCE_SQL_H_
