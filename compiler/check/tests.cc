#include "compiler/check/tests.h"

#include <string_view>
#include <unordered_map>

#include "runtime/value/civil_time.h"

namespace policy {

namespace {

struct Input {
  const Source& source;
  Diagnostics& diagnostics;
};

// `word` says something that only a decision of another kind has.
void CheckFits(Input input, const std::optional<ast::Word>& word, bool fits, std::string_view what,
               std::string_view decision) {
  if (!word || fits) return;
  input.diagnostics.Report(diag::ExpectationDoesNotFit, input.source, word->span, what, decision);
}

void CheckCall(Input input, const ast::TestCall& call) {
  using enum ast::ExpectedOutcome;
  if (call.at && !ParseInstant(call.at->text)) {
    input.diagnostics.Report(diag::BadTestTime, input.source, call.at->span, call.at->text)
        .Help("write it like 2026-03-01T10:00:00Z");
  }
  CheckFits(input, call.from, call.outcome == Approval, "who releases a call", "approval");
  CheckFits(input, call.retry_after_ms, call.outcome == Limited, "when to try again", "limited");
  CheckFits(input, call.message, call.outcome != Allow, "a message", "a call that is not allowed");
}

}  // namespace

void CheckTests(std::span<const ast::Test> tests, const Source& source, Diagnostics& diagnostics) {
  std::unordered_map<std::string_view, Span> seen;
  for (const ast::Test& test : tests) {
    const auto [first, is_new] = seen.try_emplace(test.name.text, test.name.span);
    if (!is_new) {
      diagnostics.Report(diag::TestTwice, source, test.name.span, test.name.text)
          .Note(first->second, "first here");
    }
    if (test.calls.empty()) {
      diagnostics.Report(diag::TestNeverRuns, source, test.name.span, test.name.text)
          .Help("give it a call and what is expected of it");
    }
    for (const ast::TestCall& call : test.calls) CheckCall({source, diagnostics}, call);
  }
}

}  // namespace policy
