// What is written and read again is the same: `policyc fmt` and `policyc convert` on generated
// policies.
#ifndef TESTS_DIFFERENTIAL_ROUND_TRIP_H_
#define TESTS_DIFFERENTIAL_ROUND_TRIP_H_

#include <string>

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

// Empty, or what is not the same. The policies compile.

// Text form: format(p) reads as p does, comments and all, and format(format(p)) == format(p).
std::string RoundTripText(const reference::Json& policy, Random& random);

// policy.json: what convert writes of it in the text form is read, `converted` is policy.json of
// that. Empty `converted`: the way back was refused with a diagnostic.
std::string RoundTripJson(const reference::Json& policy, std::string& converted);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_ROUND_TRIP_H_
