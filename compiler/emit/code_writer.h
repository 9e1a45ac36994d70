// The instructions of a program: one block for each tool and pattern.
#ifndef COMPILER_EMIT_CODE_WRITER_H_
#define COMPILER_EMIT_CODE_WRITER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/emit/program_writer.h"
#include "compiler/ir/ir.h"
#include "compiler/ir/plan.h"
#include "runtime/program/instruction.h"

namespace policy {

// Lowers formulas to register code with short cuts. A register holds the truth of the group that is
// being built; a group of the other kind inside it takes the next register and is combined.
class CodeWriter {
 public:
  CodeWriter(const ir::Plan& plan, ProgramWriter& writer)
      : plan_(plan), writer_(writer), code_(writer.encoder().code) {}

  // Returns the block's first instruction.
  std::uint32_t WriteBlock(const ir::Code& code);
  // The body of a quantifier, which leaves its answer in r[0]. Returns its first instruction.
  std::uint32_t WriteBody(ir::FormulaId id);

 private:
  // Instructions that jump to a place that is not known yet.
  using Exits = std::vector<std::uint32_t>;
  struct Destination {
    std::uint8_t reg = 0;
    WriteMode mode = WriteMode::Set;
  };

  std::uint32_t here() const { return static_cast<std::uint32_t>(code_.size()); }
  void WriteEnd();
  void WriteGuarded(const ir::GuardedRules& guarded);
  void WriteRules(std::span<const ir::RuleId> rule_ids);
  void WriteRule(ir::RuleId id);
  void WriteCondition(const ir::Rule& rule, Exits& past_rule);
  void WriteIndex(const ir::Index& index);
  void WriteFormula(ir::FormulaId id, bool negated, Destination to, Exits* past);
  void WriteGroup(const ir::Formula& formula, bool negated, Destination to, Exits* past);
  void WriteTest(const ir::Formula& formula, bool negated, Destination to);
  bool IsGroupOf(ir::FormulaId id, bool negated, WriteMode group) const;
  void Exit(std::uint8_t flag, std::uint8_t reg, Exits& exits);
  void Land(const Exits& exits);

  const ir::Plan& plan_;
  ProgramWriter& writer_;
  std::vector<Instruction>& code_;
  std::uint32_t index_count_ = 0;
};

}  // namespace policy

#endif  // COMPILER_EMIT_CODE_WRITER_H_
