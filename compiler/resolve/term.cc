#include <fmt/format.h>

#include <utility>

#include "compiler/resolve/resolution.h"
#include "policy/check.h"

namespace policy {

namespace {

constexpr std::size_t kWordsBytesShown = 80;

// A term that is a constant of the policy.
Term ConstantTerm(ir::Constant constant, ValueType type, std::string text, Span span) {
  Term term;
  term.kind = Term::Kind::Constant;
  term.type = type;
  term.constant = std::move(constant);
  term.text = std::move(text);
  term.span = span;
  return term;
}

// A condition where one side of a comparison, or an argument of a function, is wanted.
void ReportNotValue(Resolution& resolution, Span span) {
  resolution.diagnostics.Report(diag::NotAValue, resolution.source, span)
      .Help("compare values, and put `and`, `or` and `not` between comparisons");
}

struct TermOf {
  Resolution& resolution;
  Span span;

  std::optional<Term> operator()(const ast::Literal& literal) const {
    switch (literal.kind) {
      case ast::LiteralKind::Null: {
        Term term;
        term.kind = Term::Kind::Null;
        term.text = "null";
        term.span = span;
        return term;
      }
      case ast::LiteralKind::Bool:
        return ConstantTerm(literal.boolean, ValueType::Bool, literal.boolean ? "true" : "false",
                            span);
      case ast::LiteralKind::String:
        return ConstantTerm(literal.text, ValueType::String, literal.text, span);
      case ast::LiteralKind::Duration:
        return ConstantTerm(
            ir::Duration{static_cast<std::int64_t>(literal.seconds) * 1'000'000'000},
            ValueType::Duration, literal.text, span);
      case ast::LiteralKind::Number:
        break;
    }
    const auto number = ResolveNumber(resolution, literal.text, span);
    if (!number) return std::nullopt;
    return ConstantTerm(*number, ValueType::Number, literal.text, span);
  }

  std::optional<Term> operator()(const ast::Path& path) const {
    if (auto named = ResolveNamed(resolution, path, span)) return std::move(named->term);
    auto resolved = ResolvePath(resolution, path, span);
    if (!resolved) return std::nullopt;
    Term term;
    term.value_id = ValueAt(resolution, resolved->path_id);
    term.type = resolved->type;
    term.text = std::move(resolved->text);
    term.span = span;
    return term;
  }

  std::optional<Term> operator()(const ast::List& list) const {
    Term term;
    term.kind = Term::Kind::Set;
    term.text = "a list";
    term.span = span;
    for (const ast::ExpressionId id : list.items) {
      auto item = ResolveTerm(resolution, id);
      if (!item) return std::nullopt;
      CHECK(item->kind == Term::Kind::Constant || item->kind == Term::Kind::Null);
      term.items.push_back(*std::move(item));
    }
    return term;
  }

  std::optional<Term> operator()(const ast::OrElse& or_else) const {
    auto term = ResolveTerm(resolution, or_else.path_id);
    const auto absent = ResolveTerm(resolution, or_else.literal_id);
    if (!term || !absent) return std::nullopt;
    const bool is_scalar = absent->kind == Term::Kind::Constant &&
                           (absent->type == ValueType::Bool || absent->type == ValueType::String ||
                            absent->type == ValueType::Number);
    if (term->kind != Term::Kind::Value || !is_scalar) {
      const Term& wrong = is_scalar ? *term : *absent;
      resolution.diagnostics
          .Report(diag::OrElseOperand, resolution.source, wrong.span,
                  is_scalar ? "on the left a value of the call"
                            : "on the right a string, number or boolean",
                  WordsAt(resolution, wrong.span))
          .Help("`args.limit ?? 10` stands for 10 where the call has no `limit`");
      return std::nullopt;
    }
    term->absent = absent->constant;
    if (term->type != absent->type) term->type = ValueType::Any;
    // policy.json says `absent` apart, and its messages name the path.
    if (resolution.syntax.form == ast::Form::Text) {
      term->text = WordsAt(resolution, span);
      term->span = span;
    }
    return term;
  }

  std::optional<Term> operator()(const ast::Call& call) const {
    return ResolveCall(resolution, call, span);
  }
  std::optional<Term> operator()(const ast::Arithmetic& arithmetic) const {
    return ResolveArithmetic(resolution, arithmetic, span);
  }
  std::optional<Term> operator()(const ast::Quantifier& quantifier) const {
    return ResolveQuantifier(resolution, quantifier, span);
  }
  std::optional<Term> operator()(const ast::Part& part) const {
    auto term = ResolveTerm(resolution, part.of_id);
    if (!term) return std::nullopt;
    // Functions make lists of strings, and nothing that has members.
    const bool is_index = std::holds_alternative<std::uint32_t>(part.step);
    if (term->kind != Term::Kind::Value || term->type != ValueType::List || !is_index) {
      ReportNothingBelow(resolution, span, term->text);
      return std::nullopt;
    }
    term->value_id = AddStep(resolution, term->value_id, part.step, span);
    term->type = ValueType::String;
    term->text = WordsAt(resolution, span);
    term->span = span;
    return term;
  }
  template <typename Condition>
  std::optional<Term> operator()(const Condition&) const {
    ReportNotValue(resolution, span);
    return std::nullopt;
  }
};

}  // namespace

std::string WordsAt(const Resolution& resolution, Span span) {
  const std::string_view text = resolution.diagnostics.SourceOf(resolution.source, span).text();
  if (span.begin >= text.size()) return "this";
  std::string words;
  for (const char c : text.substr(span.begin, span.end - span.begin)) {
    const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (is_space && words.ends_with(' ')) continue;
    words += is_space ? ' ' : c;
  }
  if (words.size() <= kWordsBytesShown) return words;
  std::size_t size = kWordsBytesShown;
  while (size > 0 && (static_cast<unsigned char>(words[size]) & 0xC0) == 0x80) --size;
  return words.substr(0, size) + "…";
}

std::optional<Term> ResolveTerm(Resolution& resolution, ast::ExpressionId id) {
  // The readers bound how deep expressions nest.
  const ast::Expression& expression = ast::At(resolution.syntax, id);
  return std::visit(TermOf{resolution, expression.span}, expression.node);
}

ir::ValueId PushValue(Resolution& resolution, ir::Value value, const std::string* key) {
  const auto id = static_cast<ir::ValueId>(resolution.policy.values.size());
  resolution.policy.values.push_back(std::move(value));
  resolution.value_keys.push_back(key);
  return id;
}

ir::ValueId AddValue(Resolution& resolution, ir::Value value, std::string key) {
  const auto next = static_cast<ir::ValueId>(resolution.policy.values.size());
  const auto [entry, is_new] = resolution.value_ids.try_emplace(std::move(key), next);
  if (is_new) PushValue(resolution, std::move(value), &entry->first);
  return entry->second;
}

ir::ValueId AddValue(Resolution& resolution, ir::Value value) {
  std::string key = fmt::format("{} {} {}", static_cast<int>(value.kind),
                                static_cast<int>(value.function), static_cast<int>(value.relation));
  for (const ir::ValueId operand : value.operands) {
    key += fmt::format(" {}", static_cast<std::uint32_t>(operand));
  }
  if (value.kind == ir::ValueKind::Constant) key += " " + KeyOf(value.constant);
  return AddValue(resolution, std::move(value), std::move(key));
}

ir::ValueId AddStep(Resolution& resolution, ir::ValueId id, const ast::Step& step, Span span) {
  const auto* member = std::get_if<std::string>(&step);
  ir::Constant constant;
  if (member != nullptr) {
    constant = *member;
  } else {
    // With its zeros at the end dropped, as all decimals are.
    constant = *ParseDecimal(std::to_string(std::get<std::uint32_t>(step)));
  }
  const ir::ValueId name_id = AddValue(
      resolution, {.kind = ir::ValueKind::Constant, .constant = std::move(constant), .span = span});
  return AddValue(resolution, {.kind = ir::ValueKind::Applied,
                               .function = member != nullptr ? Function::Member : Function::Element,
                               .operands = {id, name_id},
                               .span = span});
}

ir::ValueId Materialise(Resolution& resolution, const Term& term) {
  const auto add_constant = [&](const ir::Constant& constant) {
    return AddValue(resolution,
                    {.kind = ir::ValueKind::Constant, .constant = constant, .span = term.span});
  };
  if (term.kind == Term::Kind::Constant) return add_constant(term.constant);
  CHECK(term.kind == Term::Kind::Value);
  if (!term.absent) return term.value_id;
  const ir::ValueId absent_id = add_constant(*term.absent);
  return AddValue(resolution, {.kind = ir::ValueKind::Applied,
                               .function = Function::OrElse,
                               .operands = {term.value_id, absent_id},
                               .span = term.span});
}

}  // namespace policy
