#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "compiler/ir/access.h"
#include "compiler/resolve/resolution.h"
#include "policy/check.h"

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kWords = {"any"sv, "all"sv, "count"sv};

// What a quantifier asks, as a text that is equal for quantifiers that ask the same of the same
// list, whatever they call their variables. A part that depends on none of the variables within
// stands as its id.
class BodyText {
 public:
  BodyText(const Resolution& resolution, ir::ValueId element)
      : policy_(resolution.policy), first_element_(element) {}

  std::string Of(ir::FormulaId id) {
    const ir::Formula& formula = ir::FormulaOf(policy_, id);
    std::string text =
        fmt::format("({} {}", static_cast<int>(formula.kind), static_cast<int>(formula.constant));
    if (formula.kind == ir::FormulaKind::Test) {
      const ir::Test& test = ir::TestOf(policy_, formula.test_id);
      const std::string operand = KeyOf(test.operand);
      text += fmt::format(
          " {} {} {} {}:{}", Of(test.value_id).text, static_cast<int>(test.predicate),
          test.when_absent ? static_cast<int>(*test.when_absent) : -1, operand.size(), operand);
    }
    for (const ir::FormulaId operand : formula.operands) text += Of(operand);
    return text + ")";
  }

 private:
  struct ValueText {
    std::string text;
    bool is_free = true;  // of the variables within
  };

  ValueText Of(ir::ValueId id) {
    const ir::Value& value = ir::ValueOf(policy_, id);
    // What stood before the variable cannot depend on it.
    if (id < first_element_ || value.kind == ir::ValueKind::Path ||
        value.kind == ir::ValueKind::Constant) {
      return {fmt::format("#{}", static_cast<std::uint32_t>(id))};
    }
    if (value.kind == ir::ValueKind::Element) {
      const auto [entry, is_new] = elements_.try_emplace(id, elements_.size());
      return {fmt::format("${}", entry->second), false};
    }
    ValueText whole{fmt::format("[{} {} {} {}", static_cast<int>(value.kind),
                                static_cast<int>(value.function), static_cast<int>(value.relation),
                                static_cast<int>(value.quantifier))};
    for (const ir::ValueId operand : value.operands) {
      const ValueText part = Of(operand);
      whole.is_free = whole.is_free && part.is_free;
      whole.text += part.text;
    }
    if (value.kind == ir::ValueKind::Quantified) {
      // An inner quantifier's own variable makes its body depend on it; whether the whole does is
      // not worth to find out.
      whole.is_free = false;
      whole.text += Of(value.element_id).text + Of(value.body_id);
    }
    if (whole.is_free) return {fmt::format("#{}", static_cast<std::uint32_t>(id))};
    whole.text += "]";
    return whole;
  }

  const ir::Policy& policy_;
  ir::ValueId first_element_;
  std::unordered_map<ir::ValueId, std::size_t> elements_;  // in the order met
};

// Where the parts of a policy ended before a quantifier's body was resolved.
class BodyMark {
 public:
  explicit BodyMark(const Resolution& resolution)
      : values_(resolution.policy.values.size()),
        tests_(resolution.policy.tests.size()),
        formulas_(resolution.policy.formulas.size()) {}

  // REQUIRES: nothing but the body uses what was added since, no path among it.
  void Return(Resolution& resolution) const {
    for (std::size_t i = values_; i < resolution.value_keys.size(); ++i) {
      CHECK(resolution.policy.values[i].kind != ir::ValueKind::Path);
      const std::string* key = resolution.value_keys[i];
      if (key != nullptr) resolution.value_ids.erase(resolution.value_ids.find(*key));
    }
    resolution.policy.values.resize(values_);
    resolution.value_keys.resize(values_);
    resolution.policy.tests.resize(tests_);
    resolution.policy.formulas.resize(formulas_);
  }

 private:
  std::size_t values_;
  std::size_t tests_;
  std::size_t formulas_;
};

// The elements of the lists that functions make are strings; a call's may be anything.
ValueType ElementTypeOf(const Resolution& resolution, const Term& list) {
  const ir::Value& value = ir::ValueOf(resolution.policy, list.value_id);
  return value.kind == ir::ValueKind::Applied && list.type == ValueType::List ? ValueType::String
                                                                              : ValueType::Any;
}

// The list that is looked into. nullopt: reported.
std::optional<Term> ResolveList(Resolution& resolution, const ast::Quantifier& quantifier) {
  auto list = ResolveTerm(resolution, quantifier.list_id);
  if (!list) return std::nullopt;
  const bool fits = list->kind == Term::Kind::Value &&
                    (list->type == ValueType::Any || list->type == ValueType::List);
  if (fits) return list;
  ReportFunctionOperand(resolution, kWords[static_cast<std::size_t>(quantifier.kind)],
                        "a list of the call", *list);
  return std::nullopt;
}

}  // namespace

std::optional<Term> ResolveQuantifier(Resolution& resolution, const ast::Quantifier& quantifier,
                                      Span span) {
  const auto list = ResolveList(resolution, quantifier);
  const bool is_new_name = CheckShadows(resolution, quantifier.variable, "variable");
  if (resolution.variables.size() == format::kQuantifierDepthMax) {
    resolution.diagnostics
        .Report(diag::QuantifierDepth, resolution.source, span, format::kQuantifierDepthMax)
        .Help("each looks at every element anew; ask the server for a flatter list");
    return std::nullopt;
  }
  if (!list || !is_new_name) return std::nullopt;
  ir::Value value{.kind = ir::ValueKind::Quantified,
                  .quantifier = static_cast<ir::QuantifierKind>(quantifier.kind),
                  .operands = {Materialise(resolution, *list)},
                  .span = span};
  const BodyMark mark(resolution);
  value.element_id = PushValue(resolution, {.kind = ir::ValueKind::Element, .span = span}, nullptr);
  resolution.variables.push_back({.name = quantifier.variable.text,
                                  .span = quantifier.variable.span,
                                  .element_id = value.element_id,
                                  .type = ElementTypeOf(resolution, *list)});
  const auto body_id = ResolveCondition(resolution, quantifier.body_id);
  resolution.variables.pop_back();
  if (!body_id) return std::nullopt;
  value.body_id = *body_id;

  Term term;
  term.type = quantifier.kind == ast::Quantifier::Kind::Count ? ValueType::Number : ValueType::Bool;
  term.text = WordsAt(resolution, span);
  term.span = span;
  std::string key = fmt::format("quantified {} {} {}", static_cast<int>(quantifier.kind),
                                static_cast<std::uint32_t>(value.operands[0]),
                                BodyText(resolution, value.element_id).Of(*body_id));
  // The same was asked before: what was made for asking it again goes.
  if (resolution.value_ids.contains(key)) mark.Return(resolution);
  term.value_id = AddValue(resolution, std::move(value), std::move(key));
  return term;
}

static_assert(static_cast<int>(ast::Quantifier::Kind::Any) ==
                      static_cast<int>(ir::QuantifierKind::Any) &&
                  static_cast<int>(ast::Quantifier::Kind::All) ==
                      static_cast<int>(ir::QuantifierKind::All) &&
                  static_cast<int>(ast::Quantifier::Kind::Count) ==
                      static_cast<int>(ir::QuantifierKind::Count),
              "quantifiers stand in one order");

}  // namespace policy
