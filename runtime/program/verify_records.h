// What the parts of Verify share: the sections as spans, and the first error.
#ifndef RUNTIME_PROGRAM_VERIFY_RECORDS_H_
#define RUNTIME_PROGRAM_VERIFY_RECORDS_H_

#include <fmt/core.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/program/format.h"
#include "runtime/program/instruction.h"
#include "runtime/program/verify.h"
#include "runtime/value/decimal.h"
#include "runtime/value/predicate.h"

namespace policy {

// The sections of a file whose bounds are proven, and nothing else of it.
struct Records {
  const format::Header* header = nullptr;
  std::string_view strings;
  std::span<const format::Constant> constants;
  std::span<const std::uint32_t> set_items;
  std::span<const format::Slot> slots;
  std::span<const format::PathNode> path_nodes;
  std::span<const std::uint32_t> path_table;
  std::span<const Instruction> code;
  std::span<const format::Tool> tools;
  std::span<const std::uint32_t> tool_table;
  std::span<const format::Pattern> patterns;
  std::span<const format::Rule> rules;
  std::span<const format::Limit> limits;
  std::span<const format::Counter> counters;
  std::span<const format::Scope> scopes;
  std::span<const format::IndexTable> index_tables;
  std::span<const format::IndexEntry> index_entries;

  // REQUIRES: `text` is proven.
  std::string_view Text(format::Text text) const { return strings.substr(text.offset, text.size); }
  OperandKind KindOf(std::uint32_t constant) const {
    return static_cast<OperandKind>(constants[constant].kind);
  }
  Decimal Number(std::uint32_t constant) const {
    return {constants[constant].wide, constants[constant].exponent};
  }
  std::string_view String(std::uint32_t constant) const {
    return Text({constants[constant].a, constants[constant].b});
  }
};

// Collects the first error, and counts work. Checks return whether they hold, so that a part stops
// with `return false` at the first that does not.
class Proof {
 public:
  template <typename... Args>
  bool Fail(fmt::format_string<Args...> format, Args&&... args) {
    if (!error_) error_ = ProgramError{fmt::format(format, std::forward<Args>(args)...)};
    return false;
  }

  bool Spend(std::uint64_t work) {
    work_ += work;
    return work_ <= kVerifyWorkMax || Fail("it takes more work to prove than a program may");
  }

  const std::optional<ProgramError>& error() const { return error_; }

 private:
  std::optional<ProgramError> error_;
  std::uint64_t work_ = 0;
};

// Whether `text` lies within the strings and starts and ends between characters. The strings as a
// whole are UTF-8.
bool CheckText(const Records& records, format::Text text, std::string_view what, Proof& proof);

// The parts of Verify, in the order in which they build upon each other. `records` is
// bounds-proven.
bool VerifyConstants(const Records& records, Proof& proof);
bool VerifyPaths(const Records& records, Proof& proof);
bool VerifyTools(const Records& records, Proof& proof);
bool VerifyRules(const Records& records, Proof& proof);
bool VerifyCode(const Records& records, Proof& proof);

}  // namespace policy

#endif  // RUNTIME_PROGRAM_VERIFY_RECORDS_H_
