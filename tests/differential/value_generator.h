// Values at random: aimed at one condition, or at nobody in particular.
#ifndef TESTS_DIFFERENTIAL_VALUE_GENERATOR_H_
#define TESTS_DIFFERENTIAL_VALUE_GENERATOR_H_

#include <string>

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

// A value that is likely to make `op operand` true, or nearly so.
reference::Json AimAt(const std::string& op, const reference::Json& operand, Random& random);

// Any value: every type, and the numbers that are unknown in every use.
reference::Json AnyValue(Random& random);

// The same number, written another way.
std::string Respell(const std::string& number, Random& random);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_VALUE_GENERATOR_H_
