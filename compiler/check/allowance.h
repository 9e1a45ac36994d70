// Findings that an author has looked at and lets be: of one code, in one place, for a stated
// reason. Errors cannot be let be.
#ifndef COMPILER_CHECK_ALLOWANCE_H_
#define COMPILER_CHECK_ALLOWANCE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

// A finding that begins in one of `ranges` of `source` is let be.
struct AllowedRange {
  const Source* source = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;  // past the last byte
};

struct Allowance {
  std::string code;
  Span span;            // where it is written
  bool serves = false;  // a finding was let be for it
};

// Whether `code` is one that can be let be; reports it where it is not.
bool CheckAllowedCode(std::string_view code, const Source& source, Span span,
                      Diagnostics& diagnostics);

// Takes out of `findings` what `allowance` lets be in `ranges`.
void Allow(Allowance& allowance, const std::vector<AllowedRange>& ranges,
           std::vector<const Diagnostic*>& findings);

// Reports an allowance that serves no more.
void CheckServes(const Allowance& allowance, const Source& source, Diagnostics& diagnostics);

}  // namespace policy

#endif  // COMPILER_CHECK_ALLOWANCE_H_
