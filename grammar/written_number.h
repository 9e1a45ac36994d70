// Numbers as authors write them.
#ifndef GRAMMAR_WRITTEN_NUMBER_H_
#define GRAMMAR_WRITTEN_NUMBER_H_

#include <cstdint>
#include <string_view>

namespace policy {

// The decimals that `digits`, a number of JSON, is written with, at least 0: 500.00 has two, 5e2
// none, 5e-1 one.
std::int64_t DecimalsOf(std::string_view digits);

}  // namespace policy

#endif  // GRAMMAR_WRITTEN_NUMBER_H_
