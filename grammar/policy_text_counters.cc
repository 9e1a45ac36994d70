#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

ast::Window ReadWindow(TextFile& file, TextView view) {
  const ast::Word written{std::string(view.text()), view.span()};
  constexpr std::pair<std::string_view, std::uint32_t> kSeconds[] = {
      {"second", 1}, {"minute", 60}, {"hour", 3600}};
  constexpr std::pair<std::string_view, ast::WindowKind> kKinds[] = {
      {"day", ast::WindowKind::Day},
      {"week", ast::WindowKind::Week},
      {"month", ast::WindowKind::Month},
      {"lifetime", ast::WindowKind::Lifetime}};
  for (const auto& [name, seconds] : kSeconds) {
    if (written.text == name) return {ast::WindowKind::Seconds, seconds, written};
  }
  for (const auto& [name, kind] : kKinds) {
    if (written.text == name) return {kind, 0, written};
  }
  const auto seconds = SecondsOf(written.text, kWindowSecondsMax);
  if (!seconds) {
    ReportBadDuration(file.input.root, file.input.diagnostics, view.span(), written.text,
                      kWindowSecondsMax);
  }
  return {ast::WindowKind::Seconds, seconds.value_or(1), written};
}

std::optional<std::uint8_t> ReadScale(TextFile& file, TextView view) {
  const std::string_view digits = view.text();
  std::uint8_t places = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), places);
  if (error == std::errc() && stop == digits.data() + digits.size() && places <= 9) return places;
  ReportNotWholeNumber(file.input.root, file.input.diagnostics, view.span(), "scale", 0, 9,
                       fmt::format("`{}`", digits));
  return std::nullopt;
}

ast::Scope ReadScope(TextFile& file, TextView view) {
  constexpr std::string_view kNames[] = {"grant", "session", "tool", "server", "global"};
  if (view.kind() == TextKind::ScopeName) {
    std::size_t kind = 0;
    while (kNames[kind] != view.text()) ++kind;
    return {static_cast<ast::ScopeKind>(kind), {}, view.span()};
  }
  const ast::ExpressionId id = ReadExpression(file, view);
  return {ast::ScopeKind::Value, std::get<ast::Path>(ast::At(file.reader.policy, id).node),
          view.span()};
}

void ReadScopes(TextFile& file, TextView view, ast::CounterTerms& terms) {
  terms.scope_span = view.span();
  for (TextView child : view.children()) terms.scopes.push_back(ReadScope(file, child));
  if (terms.scopes.size() > kScopesMax) {
    ReportTooMany(file.input.root, file.input.diagnostics, view.span(), "each", terms.scopes.size(),
                  kScopesMax);
  }
}

// The words by which a term is known: what stands twice is reported by them.
std::string_view NameOf(TextKind kind) {
  switch (kind) {
    case TextKind::AtOnce:
      return "at once";
    case TextKind::KindTerm:
      return "kind";
    case TextKind::ScaleTerm:
      return "scale";
    case TextKind::EachTerm:
      return "each";
    case TextKind::ErrorClause:
      return "on error";
    case TextKind::StoreErrorClause:
      return "on store error";
    default:
      return "";
  }
}

// `4 at once`, which is all there is to say of a kind.
void ReadAtOnce(TextFile& file, TextView term, ast::CounterTerms& terms) {
  if (!terms.window.written.text.empty()) {
    return ReportTermsClash(file.input.root, file.input.diagnostics, term.span(), "at once",
                            "per " + terms.window.written.text, "write one of them");
  }
  terms.algorithm = ast::Algorithm::Concurrency;
  terms.window.kind = ast::WindowKind::Lifetime;
}

void ReadKind(TextFile& file, TextView term, ast::CounterTerms& terms) {
  const bool is_sliding = term.text().starts_with("sliding");
  if (terms.algorithm == ast::Algorithm::Concurrency) {
    return ReportTermsClash(file.input.root, file.input.diagnostics, term.span(),
                            is_sliding ? "sliding" : "bucket", "at once",
                            "write `per` and a window instead of `at once`, or leave it out");
  }
  terms.algorithm = is_sliding ? ast::Algorithm::Sliding : ast::Algorithm::Bucket;
  for (TextView burst : term.children()) terms.burst = ReadWord(file, burst);
}

void ReadTerm(TextFile& file, TextView term, ast::CounterTerms& terms) {
  switch (term.kind()) {
    case TextKind::Window:
      terms.window = ReadWindow(file, term);
      break;
    case TextKind::AtOnce:
      ReadAtOnce(file, term, terms);
      break;
    case TextKind::KindTerm:
      ReadKind(file, term, terms);
      break;
    case TextKind::ScaleTerm:
      terms.scale_span = term.first_child().span();
      terms.scale = ReadScale(file, term.first_child());
      break;
    case TextKind::EachTerm:
      ReadScopes(file, term, terms);
      break;
    case TextKind::ErrorClause:
      terms.on_error = ReadOnError(term);
      break;
    case TextKind::StoreErrorClause:
      terms.on_store_error_span = term.span();
      terms.on_store_error = ReadOnStoreError(term);
      break;
    default:
      break;
  }
}

}  // namespace

ast::OnError ReadOnError(TextView clause) {
  return clause.first_child().text() == "refund" ? ast::OnError::Refund : ast::OnError::Keep;
}

ast::OnStoreError ReadOnStoreError(TextView clause) {
  const TextView word = clause.first_child();
  if (word.text() == "allow") return ast::OnStoreError::Allow;
  if (word.text() == "deny") return ast::OnStoreError::Deny;
  return ast::OnStoreError::LocalShare;
}

void ReadCounter(TextFile& file, TextView view) {
  ast::Counter counter;
  counter.span = view.span();
  std::vector<TextView> terms;
  int position = 0;  // name, amount, terms
  for (TextView child : view.children()) {
    if (position == 0) {
      counter.name = ReadName(file, child, NameSort::Counter);
      Declare(file, counter.name, NameSort::Counter, "counters");
    } else if (position == 1) {
      counter.terms.max = ReadWord(file, child);
    } else {
      const auto same = std::ranges::find(terms, child.kind(), &TextView::kind);
      if (same != terms.end() && !NameOf(child.kind()).empty()) {
        ReportGivenTwice(file.input, child.span(), same->span(), NameOf(child.kind()));
      } else {
        ReadTerm(file, child, counter.terms);
      }
      terms.push_back(child);
    }
    ++position;
  }
  CheckKind(file.input.root, file.input.diagnostics, counter.terms);
  file.reader.policy.counters.push_back(std::move(counter));
}

}  // namespace policy
