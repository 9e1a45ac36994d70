#include "compiler/emit/value_writer.h"

#include <algorithm>

#include "compiler/ir/access.h"
#include "policy/check.h"

namespace policy {

void ValueWriter::WriteAll() {
  CheckDepths();
  if (writer_.exceeded()) return;
  for (const ir::Block& block : policy_.blocks) {
    for (const ir::RuleId id : block.rule_ids) {
      const ir::Rule& rule = ir::RuleOf(policy_, id);
      if (ir::HasCondition(rule.kind)) WriteTested(rule.condition_id);
      if (writer_.exceeded()) return;
    }
  }
  for (const ir::Rule& rule : policy_.rules) {
    const bool has_cost =
        rule.kind == format::RuleKind::Limit && rule.limit.cost != format::CostKind::One;
    if (has_cost) Write(rule.limit.cost_value_id);
  }
}

// A value is as deep as the deepest of what it is made of, and a quantifier as what its body tests.
void ValueWriter::CheckDepths() {
  std::vector<std::uint32_t> depths(policy_.values.size(), 0);
  for (std::size_t i = 0; i < policy_.values.size(); ++i) {
    const ir::Value& value = policy_.values[i];
    if (value.kind == ir::ValueKind::Path) continue;
    std::uint32_t below = 0;
    const auto visit = [&](ir::ValueId id) { below = std::max(below, depths[ir::IndexOf(id)]); };
    for (const ir::ValueId operand : value.operands) visit(operand);
    if (value.kind == ir::ValueKind::Quantified) ir::ForEachValue(policy_, value.body_id, visit);
    depths[i] = below + 1;
    if (depths[i] > format::kDerivedDepthMax) {
      return writer_.Exceed("values made of each other", format::kDerivedDepthMax, value.span);
    }
  }
}

// Values are as deep as expressions may nest.
void ValueWriter::Write(ir::ValueId id) {
  const ir::Value& value = ir::ValueOf(policy_, id);
  if (value.kind == ir::ValueKind::Path || writer_.HasNumber(id) || writer_.exceeded()) return;
  if (value.kind == ir::ValueKind::Quantified) return WriteQuantified(id);
  for (const ir::ValueId operand : value.operands) Write(operand);
  if (writer_.exceeded()) return;
  const auto operand = [&](std::size_t i) {
    return i < value.operands.size() ? writer_.SlotFor(value.operands[i]) : format::kNone;
  };
  Encoder& encoder = writer_.encoder();
  switch (value.kind) {
    case ir::ValueKind::Constant:
      return writer_.SetNumber(id, encoder.AddLiteral(writer_.ConstantFor(value.constant)));
    case ir::ValueKind::Applied:
      return writer_.SetNumber(id, encoder.AddApplied(value.function, operand(0), operand(1)));
    case ir::ValueKind::Compared:
      return writer_.SetNumber(id, encoder.AddCompared(value.relation, operand(0), operand(1)));
    default:
      CHECK(false && "a variable is written with its quantifier");
  }
}

void ValueWriter::WriteQuantified(ir::ValueId id) {
  const ir::Value& value = ir::ValueOf(policy_, id);
  Write(value.operands[0]);
  WriteFree(value.body_id, value.element_id);
  if (writer_.exceeded()) return;
  Encoder& encoder = writer_.encoder();
  const std::uint32_t list = writer_.SlotFor(value.operands[0]);
  const std::uint32_t variable = encoder.AddVariable();
  writer_.SetNumber(value.element_id, variable);
  WriteTested(value.body_id);
  if (writer_.exceeded()) return;
  const std::uint32_t body = code_.WriteBody(value.body_id);
  const auto kind = static_cast<format::Quantifier>(value.quantifier);
  writer_.SetNumber(id, encoder.AddQuantified(kind, list, variable, body));
}

void ValueWriter::WriteTested(ir::FormulaId id) {
  const ir::Formula& formula = ir::FormulaOf(policy_, id);
  for (const ir::FormulaId operand : formula.operands) WriteTested(operand);
  if (formula.kind == ir::FormulaKind::Test) Write(ir::TestOf(policy_, formula.test_id).value_id);
}

// Writes the parts of the value that depend neither on `first_element` nor on a variable within its
// quantifier. Those are younger; a quantifier that is older than it depends on neither.
void ValueWriter::WriteFree(ir::ValueId id, ir::ValueId first_element) {
  const ir::Elements& elements = elements_.Of(id);
  if (elements.empty() || elements.back() < first_element) return Write(id);
  const ir::Value& value = ir::ValueOf(policy_, id);
  for (const ir::ValueId operand : value.operands) WriteFree(operand, first_element);
  if (value.kind == ir::ValueKind::Quantified) WriteFree(value.body_id, first_element);
}

void ValueWriter::WriteFree(ir::FormulaId id, ir::ValueId first_element) {
  const ir::Formula& formula = ir::FormulaOf(policy_, id);
  for (const ir::FormulaId operand : formula.operands) WriteFree(operand, first_element);
  if (formula.kind != ir::FormulaKind::Test) return;
  WriteFree(ir::TestOf(policy_, formula.test_id).value_id, first_element);
}

static_assert(
    static_cast<int>(ir::QuantifierKind::Any) == static_cast<int>(format::Quantifier::Any) &&
        static_cast<int>(ir::QuantifierKind::All) == static_cast<int>(format::Quantifier::All) &&
        static_cast<int>(ir::QuantifierKind::Count) == static_cast<int>(format::Quantifier::Count),
    "quantifiers stand in one order");

}  // namespace policy
