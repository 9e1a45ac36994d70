// The records of a program beside its code: constants, paths, rules, limits.
#ifndef COMPILER_EMIT_PROGRAM_WRITER_H_
#define COMPILER_EMIT_PROGRAM_WRITER_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "compiler/ir/ir.h"
#include "policy/source.h"
#include "runtime/program/encode.h"

namespace policy {

// A limit of format.h that the policy goes over: "slots", 65535.
struct ExceededLimit {
  std::string_view what;
  std::uint64_t max = 0;
  Span span;
};

// Translates ids of the policy to ids of the program. The first limit that is exceeded is kept, and
// what is written after that must not be used.
class ProgramWriter {
 public:
  // Writes the header, every path, every rule and counter of the policy.
  ProgramWriter(const ir::Policy& policy, const Source& source);
  // Writes the limits. REQUIRES: the values that they charge have numbers.
  void WriteLimits();

  Encoder& encoder() { return encoder_; }
  const ir::Policy& policy() const { return policy_; }

  std::uint32_t ConstantFor(const ir::Constant& constant);
  // Of the test's operand. A test stands in the code of every tool that its rule covers, and its
  // set may have a member for each of them: it is written once.
  std::uint32_t ConstantFor(ir::TestId id);
  std::uint32_t SlotFor(ir::PathId id);
  // What stands for the value where an instruction or a record names one. REQUIRES: a path, or
  // SetNumber was told of it.
  std::uint32_t SlotFor(ir::ValueId id);
  void SetNumber(ir::ValueId id, std::uint32_t number);
  bool HasNumber(ir::ValueId id) const {
    return numbers_[static_cast<std::size_t>(id)] != format::kNone;
  }
  std::uint32_t ServerSlot();  // of `tool.server`
  // Rule 0 of the program is the default, so the policy's rules begin at 1.
  static std::uint32_t RuleFor(ir::RuleId id) { return static_cast<std::uint32_t>(id) + 1; }
  std::uint32_t LimitFor(ir::RuleId id) const { return limit_ids_[static_cast<std::size_t>(id)]; }

  void Exceed(std::string_view what, std::uint64_t max, Span span);
  const std::optional<ExceededLimit>& exceeded() const { return exceeded_; }

 private:
  void WriteHeader(const Source& source);
  void WritePaths();
  void WriteCounters();
  void WriteRules(const Source& source);
  void WriteLimit(ir::RuleId id);
  void WriteArgumentNames(const ir::Rule& rule);
  std::uint32_t Slot(std::uint32_t node);
  format::Text TextFor(std::string_view text, Span span);

  const ir::Policy& policy_;
  Encoder encoder_;
  std::vector<std::uint32_t> nodes_;      // by path
  std::vector<std::uint32_t> numbers_;    // by value; kNone for paths and what was not written
  std::vector<std::uint32_t> limit_ids_;  // by rule, kNone for those that are no limit
  std::unordered_map<ir::TestId, std::uint32_t> operand_ids_;
  std::unordered_set<std::uint32_t> regex_ids_;
  std::optional<ExceededLimit> exceeded_;
};

}  // namespace policy

#endif  // COMPILER_EMIT_PROGRAM_WRITER_H_
