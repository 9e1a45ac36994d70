#include "compiler/emit/code_writer.h"

#include <utility>

#include "compiler/ir/access.h"
#include "policy/check.h"

namespace policy {
namespace {

using format::RuleKind;

constexpr std::uint8_t kRegisterMax = 255;

Opcode OpcodeFor(RuleKind kind) {
  switch (kind) {
    case RuleKind::Deny:
    case RuleKind::Hide:
      return Opcode::Deny;
    case RuleKind::Require:
      return Opcode::Require;
    case RuleKind::Allow:
      return Opcode::Allow;
    case RuleKind::Approve:
      return Opcode::Approve;
    case RuleKind::CloseArguments:
      return Opcode::CloseArguments;
    case RuleKind::Limit:
      return Opcode::Limit;
    case RuleKind::Default:
      break;
  }
  CHECK(false && "the default is no rule of a block");
  return Opcode::End;
}

// `not` of a group turns it into the other with its operands negated: that holds for unknown too.
WriteMode GroupMode(ir::FormulaKind kind, bool negated) {
  return (kind == ir::FormulaKind::And) != negated ? WriteMode::And : WriteMode::Or;
}

std::uint8_t FlagsFor(WriteMode mode, bool negated) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(mode) | (negated ? kFlagNegate : 0));
}

// The truth that decides a group whatever else is in it.
std::uint8_t ShortCut(WriteMode group) {
  return group == WriteMode::And ? kFlagJumpIfFalse : kFlagJumpIfTrue;
}

}  // namespace

std::uint32_t CodeWriter::WriteBlock(const ir::Code& code) {
  const std::uint32_t start = here();
  for (const ir::Index& index : code.indexes) WriteIndex(index);
  WriteRules(code.rule_ids);
  for (const ir::GuardedRules& guarded : code.guarded) WriteGuarded(guarded);
  WriteEnd();
  return start;
}

std::uint32_t CodeWriter::WriteBody(ir::FormulaId id) {
  const std::uint32_t start = here();
  WriteFormula(id, false, Destination{}, nullptr);
  WriteEnd();
  return start;
}

void CodeWriter::WriteEnd() {
  code_.push_back({.opcode = Opcode::End});
  if (here() > format::kInstructionsMax) {
    writer_.Exceed("instructions", format::kInstructionsMax, writer_.policy().default_span);
  }
}

// Calls to another server step over all of it.
void CodeWriter::WriteGuarded(const ir::GuardedRules& guarded) {
  code_.push_back({.opcode = Opcode::Test,
                   .predicate = static_cast<std::uint8_t>(Predicate::EqualString),
                   .slot = static_cast<std::uint16_t>(writer_.ServerSlot()),
                   .constant = writer_.ConstantFor(guarded.server)});
  const Exits past_rules = {here()};
  code_.push_back({.opcode = Opcode::Guard});
  for (const ir::Index& index : guarded.indexes) WriteIndex(index);
  WriteRules(guarded.rule_ids);
  Land(past_rules);
}

void CodeWriter::WriteRules(std::span<const ir::RuleId> rule_ids) {
  if (writer_.exceeded()) return;
  for (const ir::RuleId id : rule_ids) WriteRule(id);
}

void CodeWriter::WriteRule(ir::RuleId id) {
  const ir::Rule& rule = ir::RuleOf(writer_.policy(), id);
  Exits past_rule;
  if (ir::HasCondition(rule.kind)) {
    WriteCondition(rule, past_rule);
  } else if (rule.kind == RuleKind::Hide) {
    code_.push_back(
        {.opcode = Opcode::Constant, .predicate = static_cast<std::uint8_t>(Truth::True)});
  }
  Instruction instruction{.opcode = OpcodeFor(rule.kind)};
  instruction.constant = rule.kind == RuleKind::Limit ? writer_.LimitFor(id) : writer_.RuleFor(id);
  if (rule.kind == RuleKind::CloseArguments) {
    instruction.target = rule.argument_names.empty() ? writer_.ConstantFor(std::monostate{})
                                                     : writer_.ConstantFor(rule.argument_names);
  }
  code_.push_back(instruction);
  Land(past_rule);
}

// A rule that cannot fire any more is stepped over, but for allow: that it names the tool counts.
void CodeWriter::WriteCondition(const ir::Rule& rule, Exits& past_rule) {
  constexpr Destination kResult{};
  const WriteMode silenced_by = rule.kind == RuleKind::Require ? WriteMode::Or : WriteMode::And;
  if (rule.kind == RuleKind::Allow) {
    return WriteFormula(rule.condition_id, false, kResult, nullptr);
  }
  const bool is_short_cut = IsGroupOf(rule.condition_id, false, silenced_by);
  WriteFormula(rule.condition_id, false, kResult, is_short_cut ? &past_rule : nullptr);
  Instruction& last = code_.back();
  const bool may_jump = last.opcode == Opcode::Test || last.opcode == Opcode::Combine;
  if (may_jump && last.dst == kResult.reg &&
      (last.flags & (kFlagJumpIfFalse | kFlagJumpIfTrue)) == 0) {
    last.flags |= ShortCut(silenced_by);
    past_rule.push_back(here() - 1);
  }
}

void CodeWriter::WriteIndex(const ir::Index& index) {
  const std::uint32_t at = here();
  const std::uint32_t table = index_count_++;
  Instruction switch_instruction{.opcode = Opcode::Index,
                                 .slot = static_cast<std::uint16_t>(writer_.SlotFor(index.path_id)),
                                 .constant = table};
  code_.push_back(switch_instruction);
  WriteRules(index.rule_ids);
  Exits past_index = {at, here()};
  code_.push_back({.opcode = Opcode::Jump});
  std::vector<std::pair<std::uint32_t, std::uint32_t>> targets;
  for (const ir::IndexBranch& branch : index.branches) {
    if (!targets.empty()) {
      past_index.push_back(here());
      code_.push_back({.opcode = Opcode::Jump});
    }
    targets.emplace_back(writer_.ConstantFor(branch.literal), here());
    WriteRules(branch.rule_ids);
  }
  Land(past_index);
  const std::uint32_t added = writer_.encoder().AddIndexTable(targets);
  CHECK(added == table);
}

bool CodeWriter::IsGroupOf(ir::FormulaId id, bool negated, WriteMode group) const {
  const ir::Formula* formula = &ir::FormulaOf(writer_.policy(), id);
  while (formula->kind == ir::FormulaKind::Not) {
    negated = !negated;
    formula = &ir::FormulaOf(writer_.policy(), formula->operands.front());
  }
  return (formula->kind == ir::FormulaKind::And || formula->kind == ir::FormulaKind::Or) &&
         GroupMode(formula->kind, negated) == group;
}

// `past`: where a short cut of this very group leads, when not to its end.
void CodeWriter::WriteFormula(ir::FormulaId id, bool negated, Destination to, Exits* past) {
  const ir::Formula* formula = &ir::FormulaOf(writer_.policy(), id);
  while (formula->kind == ir::FormulaKind::Not) {
    negated = !negated;
    formula = &ir::FormulaOf(writer_.policy(), formula->operands.front());
  }
  switch (formula->kind) {
    case ir::FormulaKind::Constant: {
      const Truth truth = negated ? Not(formula->constant) : formula->constant;
      code_.push_back({.opcode = Opcode::Constant,
                       .flags = FlagsFor(to.mode, false),
                       .dst = to.reg,
                       .predicate = static_cast<std::uint8_t>(truth)});
      return;
    }
    case ir::FormulaKind::Test:
      return WriteTest(*formula, negated, to);
    case ir::FormulaKind::And:
    case ir::FormulaKind::Or:
      return WriteGroup(*formula, negated, to, past);
    case ir::FormulaKind::Not:
      break;
  }
  CHECK(false && "not was taken off");
}

void CodeWriter::WriteTest(const ir::Formula& formula, bool negated, Destination to) {
  const ir::Test& test = ir::TestOf(writer_.policy(), formula.test_id);
  CHECK(static_cast<std::size_t>(formula.test_id) < writer_.policy().tests.size());
  Instruction instruction{.opcode = Opcode::Test,
                          .flags = FlagsFor(to.mode, negated),
                          .dst = to.reg,
                          .predicate = static_cast<std::uint8_t>(test.predicate),
                          .slot = static_cast<std::uint16_t>(writer_.SlotFor(test.value_id)),
                          .constant = writer_.ConstantFor(formula.test_id)};
  if (test.when_absent) {
    const Truth truth = negated ? Not(*test.when_absent) : *test.when_absent;
    const auto bits = (static_cast<unsigned>(truth) + 1) << kFlagAbsentShift;
    instruction.flags = static_cast<std::uint8_t>(instruction.flags | bits);
  }
  if (!plan_.memo_cells.empty()) instruction.memo = plan_.memo_cells[ir::IndexOf(formula.test_id)];
  code_.push_back(instruction);
}

void CodeWriter::WriteGroup(const ir::Formula& formula, bool negated, Destination to, Exits* past) {
  const WriteMode group = GroupMode(formula.kind, negated);
  if (formula.operands.empty()) {
    const Truth neutral = group == WriteMode::And ? Truth::True : Truth::False;
    code_.push_back({.opcode = Opcode::Constant,
                     .flags = FlagsFor(to.mode, false),
                     .dst = to.reg,
                     .predicate = static_cast<std::uint8_t>(neutral)});
    return;
  }
  // Into a register that holds a group of the other kind nothing can be accumulated.
  if (to.mode != WriteMode::Set && to.mode != group) {
    if (to.reg == kRegisterMax) {
      return writer_.Exceed("groups of conditions within each other", kRegisterMax, formula.span);
    }
    const auto inner = static_cast<std::uint8_t>(to.reg + 1);
    WriteGroup(formula, negated, {inner, WriteMode::Set}, nullptr);
    code_.push_back({.opcode = Opcode::Combine,
                     .flags = FlagsFor(to.mode, false),
                     .dst = to.reg,
                     .predicate = inner});
    return;
  }
  Exits end_of_group;
  Exits& exits = past != nullptr ? *past : end_of_group;
  WriteMode mode = to.mode;
  for (std::size_t i = 0; i < formula.operands.size(); ++i) {
    WriteFormula(formula.operands[i], negated, {to.reg, mode}, nullptr);
    mode = group;
    if (i + 1 < formula.operands.size()) Exit(ShortCut(group), to.reg, exits);
  }
  Land(end_of_group);
}

// The last instruction leaves the group when its register says so already.
void CodeWriter::Exit(std::uint8_t flag, std::uint8_t reg, Exits& exits) {
  Instruction& last = code_.back();
  const bool may_jump = last.opcode == Opcode::Test || last.opcode == Opcode::Combine;
  if (!may_jump || last.dst != reg || (last.flags & (kFlagJumpIfFalse | kFlagJumpIfTrue)) != 0) {
    return;
  }
  last.flags |= flag;
  exits.push_back(here() - 1);
}

void CodeWriter::Land(const Exits& exits) {
  for (const std::uint32_t at : exits) code_[at].target = here();
}

}  // namespace policy
