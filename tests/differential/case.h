// A policy and a sequence of calls, run through the reference and through the product.
#ifndef TESTS_DIFFERENTIAL_CASE_H_
#define TESTS_DIFFERENTIAL_CASE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/differential/call_generator.h"
#include "tests/differential/coverage.h"
#include "tests/reference/json.h"

namespace differential {

struct Case {
  reference::Json policy;  // policy.json, or a tree (policy_text.h)
  // What the product is given; null: the same. Another one proves that differences are seen.
  reference::Json product_policy = reference::Json::Null();
  // The same policy said in the text form is run beside it, where it can be said.
  bool with_text_twin = false;
  // The same policy is decided by machine code, too: compiling it takes longer than its calls.
  bool with_machine_code = false;
  // The product's policy has the same rules in another order, under other names.
  bool in_other_words = false;
  std::vector<Step> steps;
  std::uint64_t request_seed = 0;  // how the requests are spelt
};

struct CaseResult {
  enum class Kind { Agrees, Differs, Rejected };
  Kind kind = Kind::Agrees;
  std::string report;       // Differs: the call and all answers; Rejected: the first diagnostic
  std::size_t decided = 0;  // calls on which all agreed
};

// `coverage` may be null.
CaseResult RunCase(const Case& each, Coverage* coverage);

// A case that still differs, with whatever can be left out left out.
Case Shrink(Case each);

// The case as text for people: policy, calls, contexts.
std::string Describe(const Case& each);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_CASE_H_
