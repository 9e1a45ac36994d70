// Names that the policy itself gives: variables of quantifiers, `let`, counters.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "compiler/resolve/resolution.h"

namespace policy {

namespace {

// The steps below a variable, as values made of values.
Term BelowVariable(Resolution& resolution, const Variable& variable, const ast::Path& path,
                   Span span) {
  Term term;
  term.value_id = variable.element_id;
  term.type = path.steps.empty() ? variable.type : ValueType::Any;
  term.text = PathText(path);
  term.span = span;
  for (const ast::Step& step : path.steps) {
    term.value_id = AddStep(resolution, term.value_id, step, span);
  }
  return term;
}

// The constant or list of a `let`, said to stand where it is used.
std::optional<Term> LetTerm(Resolution& resolution, DeclaredLet& let, const ast::Path& path,
                            Span span) {
  let.is_used = true;
  if (!path.steps.empty()) {
    ReportNothingBelow(resolution, span, path.root.text);
    return std::nullopt;
  }
  auto term = ResolveTerm(resolution, let.syntax->value_id);
  if (!term) return std::nullopt;
  term->span = span;
  if (term->kind == Term::Kind::Set) term->text = path.root.text;
  return term;
}

}  // namespace

std::optional<NamedTerm> ResolveNamed(Resolution& resolution, const ast::Path& path, Span span) {
  for (const Variable& variable : std::views::reverse(resolution.variables)) {
    if (variable.name != path.root.text) continue;
    if (!path.steps.empty() && variable.type != ValueType::Any) {
      ReportNothingBelow(resolution, span, path.root.text);
      return NamedTerm{};
    }
    return NamedTerm{BelowVariable(resolution, variable, path, span)};
  }
  const auto let = resolution.lets.find(path.root.text);
  if (let == resolution.lets.end()) return std::nullopt;
  return NamedTerm{LetTerm(resolution, let->second, path, span)};
}

void DeclareNames(Resolution& resolution) {
  for (const ast::Let& let : resolution.syntax.lets) {
    CheckShadows(resolution, let.name, "constant");
    resolution.lets.try_emplace(let.name.text, DeclaredLet{.syntax = &let});
  }
  for (const ast::Counter& counter : resolution.syntax.counters) {
    resolution.declared_counters.try_emplace(counter.name.text,
                                             DeclaredCounter{.syntax = &counter});
  }
}

bool CheckShadows(Resolution& resolution, const ast::Word& name, std::string_view what) {
  std::string_view meaning;
  std::optional<Span> first;
  const auto let = resolution.lets.find(name.text);
  const auto variable = std::ranges::find(resolution.variables, name.text, &Variable::name);
  if (IsRootName(name.text)) {
    meaning = "something of the call";
  } else if (let != resolution.lets.end()) {
    meaning = "a constant of the policy";
    first = let->second.syntax->name.span;
    // A second `let` of the name is the reader's to report.
    if (what == "constant") return true;
  } else if (variable != resolution.variables.end()) {
    meaning = "the variable of a quantifier around";
    first = variable->span;
  } else {
    return true;
  }
  auto report = resolution.diagnostics.Report(diag::NameTaken, resolution.source, name.span,
                                              name.text, meaning);
  if (first) report.Note(*first, "it is named here");
  report.Help(fmt::format("give the {} another name", what));
  return false;
}

void CheckUnused(Resolution& resolution) {
  const auto report = [&](std::string_view what, const ast::Word& name) {
    // What an included file declares may well be for another policy.
    if (name.span.file != 0) return;
    resolution.diagnostics.Report(diag::NeverUsed, resolution.source, name.span, what, name.text)
        .Help("remove it, or use it");
  };
  for (const ast::Let& let : resolution.syntax.lets) {
    if (!resolution.lets.at(let.name.text).is_used) report("constant", let.name);
  }
  for (const ast::Counter& counter : resolution.syntax.counters) {
    if (!resolution.declared_counters.at(counter.name.text).is_used) {
      report("counter", counter.name);
    }
  }
}

}  // namespace policy
