#include <unordered_map>
#include <utility>

#include "grammar/json_fields.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

// A value of a test as JSON. Values are as deep as the grammar lets expressions be.
std::string JsonOf(TextFile& file, TextView view);

std::string RecordOf(TextFile& file, TextView view) {
  std::string text;
  std::unordered_map<std::string, Span> seen;
  bool is_key = true;
  for (TextView child : view.children()) {
    if (!is_key) {
      text += JsonOf(file, child);
    } else {
      const TextView name = child.has_children() ? child.first_child() : child;
      const ast::Word key = ReadWord(file, name);
      const auto [first, is_new] = seen.try_emplace(key.text, key.span);
      if (!is_new) {
        ReportDuplicateKey(file.input.root, file.input.diagnostics, key.span, first->second,
                           key.text);
      }
      text += (text.empty() ? "" : ",") + JsonQuoted(key.text) + ":";
    }
    is_key = !is_key;
  }
  return "{" + text + "}";
}

std::string JsonOf(TextFile& file, TextView view) {
  if (view.kind() == TextKind::Record) return RecordOf(file, view);
  if (view.kind() == TextKind::JsonList) {
    std::string text;
    for (TextView child : view.children()) {
      text += (text.empty() ? "" : ",") + JsonOf(file, child);
    }
    return "[" + text + "]";
  }
  const ast::Word word = ReadWord(file, view);
  const bool is_string = view.kind() == TextKind::String || view.kind() == TextKind::RawString;
  return is_string ? JsonQuoted(word.text) : word.text;
}

ast::Word ReadClauseText(TextFile& file, TextView clause, std::string_view what) {
  ast::Word word = ReadWord(file, clause.first_child());
  CheckText(file.input.root, file.input.diagnostics, word.span, word.text, what);
  return word;
}

std::string_view NameOf(TextKind kind) {
  switch (kind) {
    case TextKind::OnServer:
      return "on server";
    case TextKind::GrantClause:
      return "as grant";
    case TextKind::SessionClause:
      return "in session";
    case TextKind::ClaimsClause:
      return "with claims";
    case TextKind::AttributesClause:
      return "with attributes";
    case TextKind::AnnotationsClause:
      return "with annotations";
    case TextKind::AtClause:
      return "at";
    case TextKind::FromClause:
      return "from";
    case TextKind::ByClause:
      return "by";
    case TextKind::BecauseClause:
      return "because";
    case TextKind::RetryClause:
      return "retry after";
    default:
      return "";
  }
}

// Calls `read(child)` for each child of `view`, and reports clauses that stand twice.
template <typename Read>
void ForEachOnce(TextFile& file, TextView view, Read read) {
  std::unordered_map<std::string_view, Span> seen;
  for (TextView child : view.children()) {
    const std::string_view name = NameOf(child.kind());
    const auto [first, is_new] = seen.try_emplace(name, child.span());
    if (!is_new && !name.empty()) ReportGivenTwice(file.input, child.span(), first->second, name);
    if (is_new || name.empty()) read(child);
  }
}

ast::ExpectedOutcome OutcomeOf(std::string_view word) {
  return word == "allow"      ? ast::ExpectedOutcome::Allow
         : word == "deny"     ? ast::ExpectedOutcome::Deny
         : word == "approval" ? ast::ExpectedOutcome::Approval
                              : ast::ExpectedOutcome::Limited;
}

void ReadExpectation(TextFile& file, TextView view, ast::TestCall& call) {
  call.expect_span = view.span();
  ForEachOnce(file, view, [&](TextView child) {
    switch (child.kind()) {
      case TextKind::Outcome:
        call.outcome = OutcomeOf(child.text());
        break;
      case TextKind::FromClause:
        call.from = ReadName(file, child.first_child(), NameSort::Group);
        break;
      case TextKind::ByClause:
        call.rule = ReadClauseText(file, child, "by");
        break;
      case TextKind::BecauseClause:
        call.message = ReadClauseText(file, child, "because");
        break;
      default:
        call.retry_after_ms = ReadWord(file, child.first_child());
        break;
    }
  });
}

ast::TestCall ReadCall(TextFile& file, TextView view) {
  ast::TestCall call;
  ForEachOnce(file, view, [&](TextView child) {
    switch (child.kind()) {
      case TextKind::Record:
        call.arguments = RecordOf(file, child);
        break;
      case TextKind::OnServer:
        call.server = ReadName(file, child.first_child(), NameSort::Server);
        break;
      case TextKind::GrantClause:
        call.grant = ReadClauseText(file, child, "as grant");
        break;
      case TextKind::SessionClause:
        call.session = ReadClauseText(file, child, "in session");
        break;
      case TextKind::ClaimsClause:
        call.claims = RecordOf(file, child.first_child());
        break;
      case TextKind::AttributesClause:
        call.attributes = RecordOf(file, child.first_child());
        break;
      case TextKind::AnnotationsClause:
        call.annotations = RecordOf(file, child.first_child());
        break;
      case TextKind::AtClause:
        call.at = ReadClauseText(file, child, "at");
        break;
      case TextKind::Expectation:
        // The call itself ends where what is expected of it begins.
        ReadExpectation(file, child, call);
        break;
      default:
        call.tool = ReadName(file, child, NameSort::Tool);
        break;
    }
    if (child.kind() != TextKind::Expectation) {
      call.span = file.input.SpanOf(view.span().begin, child.span().end);
    }
  });
  return call;
}

}  // namespace

void ReadTest(TextFile& file, TextView view) {
  ast::Test test;
  test.span = view.span();
  for (TextView child : view.children()) {
    if (child.kind() == TextKind::TestCall) {
      test.calls.push_back(ReadCall(file, child));
    } else {
      test.name = ReadName(file, child, NameSort::Test);
      Declare(file, test.name, NameSort::Test, "tests");
    }
  }
  file.reader.policy.tests.push_back(std::move(test));
}

}  // namespace policy
