// The functions of the language, written straight from their descriptions.
#ifndef TESTS_REFERENCE_FUNCTION_H_
#define TESTS_REFERENCE_FUNCTION_H_

#include <string>
#include <vector>

#include "tests/reference/value.h"

namespace reference {

// `name` as authors write it: "domain", "+". Unknown wherever it does not understand.
// `zone` is the policy's: times without an offset are read in it, where no other is named.
Value ApplyFunction(const std::string& name, const std::vector<Value>& operands,
                    const std::string& zone);

}  // namespace reference

#endif  // TESTS_REFERENCE_FUNCTION_H_
