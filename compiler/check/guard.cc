#include "compiler/check/guard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/ir/access.h"

namespace policy {

namespace {

using catalog::SchemaStep;

struct ScalarValue {
  Value operator()(const std::string& text) const { return Value::MakeString(text); }
  Value operator()(const Decimal& number) const { return Value::MakeNumber(number); }
  Value operator()(bool boolean) const { return Value::MakeBool(boolean); }
  template <typename T>
  Value operator()(const T&) const {
    return Value::MakeBroken();
  }
};

// Whether what stands at `steps` is absent when all at and below `absent` is.
bool IsBelow(std::span<const SchemaStep> steps, std::span<const SchemaStep> absent) {
  if (absent.empty() || steps.size() < absent.size()) return false;
  for (std::size_t i = 0; i < absent.size(); ++i) {
    const SchemaStep& a = steps[i];
    const SchemaStep& b = absent[i];
    if (a.kind != b.kind || a.name != b.name || a.index != b.index) return false;
  }
  return true;
}

std::optional<bool> AsBool(std::optional<Truth> truth) {
  if (!truth || *truth == Truth::Unknown) return std::nullopt;
  return *truth == Truth::True;
}

std::optional<bool> TruthOfTest(const ir::Policy& policy, const ArgumentPaths& paths,
                                const ir::Test& test, const KnownCall& call) {
  if (const ir::Path* path = ir::PathOf(policy, test.value_id);
      path != nullptr && path->root == format::Root::Tool && path->steps.size() == 1) {
    const auto* member = std::get_if<std::string>(&path->steps[0]);
    if (member == nullptr || (*member != "name" && *member != "server")) return std::nullopt;
    const std::string known(*member == "name" ? call.tool : call.server);
    return AsBool(TruthOf(test.predicate, test.operand, known));
  }
  if (test.predicate != Predicate::Exists && !test.when_absent) return std::nullopt;
  const auto steps = paths.StepsOf(test.value_id);
  if (!steps || !IsBelow(*steps, call.absent)) return std::nullopt;
  return test.when_absent ? AsBool(test.when_absent) : false;
}

}  // namespace

std::optional<Truth> TruthOf(Predicate predicate, const ir::Constant& operand,
                             const ir::Constant& scalar) {
  Operand held;
  held.kind = OperandOf(predicate);
  std::vector<std::string_view> strings;
  if (const auto* text = std::get_if<std::string>(&operand)) {
    held.text = *text;
  } else if (const auto* number = std::get_if<Decimal>(&operand)) {
    held.number = *number;
  } else if (const auto* boolean = std::get_if<bool>(&operand)) {
    held.boolean = *boolean;
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&operand)) {
    strings.assign(texts->begin(), texts->end());
    held.strings = strings;
  } else if (const auto* numbers = std::get_if<std::vector<Decimal>>(&operand)) {
    held.numbers = *numbers;
  } else if (const auto* booleans = std::get_if<std::vector<bool>>(&operand)) {
    held.set_has_false = std::ranges::find(*booleans, false) != booleans->end();
    held.set_has_true = std::ranges::find(*booleans, true) != booleans->end();
  } else {
    return std::nullopt;
  }
  return Apply(predicate, std::visit(ScalarValue{}, scalar), held);
}

// Formulas stand after their operands; how deep they nest is bounded by the readers.
std::optional<bool> TruthFor(const ir::Policy& policy, const ArgumentPaths& paths, ir::FormulaId id,
                             const KnownCall& call) {
  const ir::Formula& formula = ir::FormulaOf(policy, id);
  switch (formula.kind) {
    case ir::FormulaKind::Constant:
      return AsBool(formula.constant);
    case ir::FormulaKind::Test:
      return TruthOfTest(policy, paths, ir::TestOf(policy, formula.test_id), call);
    case ir::FormulaKind::Not: {
      const auto inner = TruthFor(policy, paths, formula.operands[0], call);
      return inner ? std::optional(!*inner) : std::nullopt;
    }
    case ir::FormulaKind::And:
    case ir::FormulaKind::Or:
      break;
  }
  const bool deciding = formula.kind == ir::FormulaKind::Or;
  bool are_all_known = true;
  for (const ir::FormulaId operand : formula.operands) {
    const auto truth = TruthFor(policy, paths, operand, call);
    if (truth == deciding) return deciding;
    are_all_known = are_all_known && truth;
  }
  return are_all_known ? std::optional(!deciding) : std::nullopt;
}

bool IsDecidedElsewhere(const ir::Policy& policy, const ArgumentPaths& paths,
                        std::span<const EnclosingGroup> groups, const KnownCall& call) {
  return std::ranges::any_of(groups, [&](const EnclosingGroup& enclosing) {
    const bool deciding = enclosing.group->kind == ir::FormulaKind::Or;
    return std::ranges::any_of(enclosing.group->operands, [&](ir::FormulaId operand) {
      return operand != enclosing.own && TruthFor(policy, paths, operand, call) == deciding;
    });
  });
}

}  // namespace policy
