// The bytes of a tools/call request, spelt as no two writers spell them.
#ifndef TESTS_DIFFERENTIAL_REQUEST_TEXT_H_
#define TESTS_DIFFERENTIAL_REQUEST_TEXT_H_

#include <string>

#include "tests/differential/random.h"
#include "tests/reference/evaluator.h"

namespace differential {

// Members of the envelope in any order, white space anywhere, characters escaped at will. The order
// and the duplicates of the arguments' members are kept.
std::string RequestText(const reference::Call& call, Random& random);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_REQUEST_TEXT_H_
