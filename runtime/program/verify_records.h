// What the parts of Verify share: the sections as spans, and the first error.
#ifndef RUNTIME_PROGRAM_VERIFY_RECORDS_H_
#define RUNTIME_PROGRAM_VERIFY_RECORDS_H_

#include <fmt/core.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/program/format.h"
#include "runtime/program/instruction.h"
#include "runtime/program/verify.h"
#include "runtime/value/decimal.h"
#include "runtime/value/function.h"
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
  std::span<const format::Derived> derived;
  std::span<const format::Pin> pins;

  // Slots and derived values are numbered through.
  std::size_t value_count() const { return slots.size() + derived.size(); }
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

// Where derived values may be used, and where code may go. A scope is named by the position of its
// quantifier; kNone: outside of all.
struct Scopes {
  std::uint32_t first_derived = 0;       // the number of derived value 0
  std::vector<std::uint32_t> innermost;  // by position: the innermost scope that the value lies in
  std::vector<std::uint32_t> body_of;    // by instruction: the quantifier whose body it is part of

  // Whether what lies in `scope` may use the slot or derived value `value`. REQUIRES: it is there.
  bool Sees(std::uint32_t scope, std::uint32_t value) const;
  // Whether `value` is made anew for each element of a list.
  bool IsScoped(std::uint32_t value) const { return !Sees(format::kNone, value); }
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
bool VerifyDerived(const Records& records, Scopes& scopes, Proof& proof);
bool VerifyPins(const Records& records, Proof& proof);
bool VerifyRules(const Records& records, const Scopes& scopes, Proof& proof);
bool VerifyTools(const Records& records, const Scopes& scopes, Proof& proof);
bool VerifyCode(const Records& records, const Scopes& scopes, Proof& proof);

}  // namespace policy

#endif  // RUNTIME_PROGRAM_VERIFY_RECORDS_H_
