// The constants of a program, made ready for Apply.
#ifndef RUNTIME_PROGRAM_OPERANDS_H_
#define RUNTIME_PROGRAM_OPERANDS_H_

#include <re2/re2.h>

#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/program/format.h"
#include "runtime/value/predicate.h"

namespace policy {

// Owns what the operands refer to beside the file: views of set members and compiled expressions.
class Operands {
 public:
  // REQUIRES: the records are proven by Verify and outlive this. Refuses a regular expression that
  // does not compile within kRegexBytesMax.
  std::expected<void, ProgramError> Prepare(std::string_view strings,
                                            std::span<const format::Constant> constants,
                                            std::span<const std::uint32_t> set_items);

  std::span<const Operand> all() const { return operands_; }

 private:
  // `texts` as words, where they are few and short; else none.
  std::span<const ShortText> AddShorts(std::span<const std::string_view> texts);

  std::vector<Operand> operands_;
  std::vector<std::unique_ptr<re2::RE2>> expressions_;
  std::vector<std::string_view> set_strings_;
  std::vector<ShortText> set_shorts_;
  std::vector<Decimal> set_numbers_;
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_OPERANDS_H_
