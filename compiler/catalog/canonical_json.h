// JSON in one spelling: what is hashed, and what is written for people to review.
#ifndef COMPILER_CATALOG_CANONICAL_JSON_H_
#define COMPILER_CATALOG_CANONICAL_JSON_H_

#include <string>
#include <string_view>

#include "grammar/json_document.h"

namespace policy::catalog {

// The value without white space, as RFC 8785 has it, but for two things that would need a reader of
// binary floating point or UTF-16. Keys are sorted by their UTF-8 bytes. A number in the exact
// range (runtime/value/decimal.h) is written as that decimal: 1.0, 1 and 10e-1 are `1`; any other
// number stays as it was written. Strings escape only `"`, `\` and control characters. REQUIRES: no
// key stands twice in a record.
std::string CanonicalJson(const json::Value& value);
std::string CanonicalJsonOf(std::string_view string);  // of a string

// The same, over several lines and indented by `depth` times two spaces from the second line on.
// Characters that are invisible or that turn the reading direction are escaped, so that a review
// sees them.
std::string ReviewableJson(const json::Value& value, int depth);
std::string ReviewableJsonOf(std::string_view string);

// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_CANONICAL_JSON_H_
