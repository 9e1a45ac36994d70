#include "compiler/testing/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/testing/call_evaluation.h"
#include "compiler/testing/explanation.h"
#include "grammar/json_fields.h"
#include "policy/check.h"
#include "runtime/value/civil_time.h"

namespace policy {

namespace {

void AddText(std::string_view key, const std::optional<ast::Word>& word, std::string& line) {
  if (word) line += fmt::format(",\"{}\":{}", key, JsonQuoted(word->text));
}

void AddRecord(std::string_view key, const std::string& raw, std::string& line) {
  if (!raw.empty()) line += fmt::format(",\"{}\":{}", key, raw);
}

// The call as `policyc eval` reads it.
std::string LineOf(const ast::TestCall& call) {
  std::string line =
      fmt::format("{{\"tool\":{},\"args\":{}", JsonQuoted(call.tool.text), call.arguments);
  AddText("server", call.server, line);
  AddText("grant", call.grant, line);
  AddText("session", call.session, line);
  AddRecord("claims", call.claims, line);
  AddRecord("attributes", call.attributes, line);
  AddRecord("annotations", call.annotations, line);
  AddRecord("client", call.client, line);
  AddText("now", call.at, line);
  return line + "}";
}

std::string IdsOf(const Program& program, const Decision& decision) {
  std::string ids;
  for (const std::uint32_t rule : decision.rules) {
    ids += fmt::format("{}`{}`", ids.empty() ? "" : ", ", program.rule(rule).id);
  }
  return ids.empty() ? "none" : ids;
}

// What was decided of one call against what was expected of it.
class Comparison {
 public:
  Comparison(const ast::TestCall& call, const Program& program, const Decision& decision)
      : call_(call), program_(program), decision_(decision) {}

  std::vector<Mismatch> Mismatches() {
    CompareOutcome();
    if (!mismatches_.empty()) return std::move(mismatches_);  // the rest would only follow from it
    CompareGroup();
    CompareRule();
    CompareMessage();
    CompareWait();
    return std::move(mismatches_);
  }

 private:
  void Add(Span span, std::string what) { mismatches_.push_back({span, std::move(what)}); }

  void CompareOutcome() {
    const auto expected = static_cast<Outcome>(call_.outcome);
    if (decision_.outcome == expected) return;
    std::string what =
        fmt::format("expected {}, decided {}", NameOf(expected), NameOf(decision_.outcome));
    if (!decision_.message.empty()) what += ": " + decision_.message;
    Add(call_.expect_span, std::move(what));
  }

  void CompareGroup() {
    if (!call_.from || call_.from->text == decision_.approval_group) return;
    const std::string asked =
        decision_.approval_group.empty() ? "nobody by name" : "`" + decision_.approval_group + "`";
    Add(call_.from->span,
        fmt::format("expected `{}` to be asked, asked is {}", call_.from->text, asked));
  }

  void CompareRule() {
    if (!call_.rule) return;
    const auto is_expected = [&](std::uint32_t rule) {
      return program_.rule(rule).id == call_.rule->text;
    };
    if (std::ranges::any_of(decision_.rules, is_expected)) return;
    Add(call_.rule->span, fmt::format("expected rule `{}`, these decided: {}", call_.rule->text,
                                      IdsOf(program_, decision_)));
  }

  void CompareMessage() {
    if (!call_.message || decision_.message.contains(call_.message->text)) return;
    Add(call_.message->span, fmt::format("expected a message with `{}`, it is `{}`",
                                         call_.message->text, decision_.message));
  }

  void CompareWait() {
    if (!call_.retry_after_ms) return;
    const std::string wait =
        decision_.retry_after_ms ? std::to_string(*decision_.retry_after_ms) : "never";
    if (wait == call_.retry_after_ms->text) return;
    Add(call_.retry_after_ms->span,
        fmt::format("expected to try again after {} ms, it is {}{}", call_.retry_after_ms->text,
                    wait, decision_.retry_after_ms ? " ms" : ""));
  }

  const ast::TestCall& call_;
  const Program& program_;
  const Decision& decision_;
  std::vector<Mismatch> mismatches_;
};

static_assert(static_cast<int>(Outcome::Allow) == static_cast<int>(ast::ExpectedOutcome::Allow) &&
              static_cast<int>(Outcome::Deny) == static_cast<int>(ast::ExpectedOutcome::Deny) &&
              static_cast<int>(Outcome::Approval) ==
                  static_cast<int>(ast::ExpectedOutcome::Approval) &&
              static_cast<int>(Outcome::Limited) ==
                  static_cast<int>(ast::ExpectedOutcome::Limited));

std::int64_t InstantOf(std::string_view text) {
  const auto instant = ParseInstant(text);
  CHECK(instant.has_value());  // CheckTests has seen to it
  return *instant;
}

TestResult RunTest(const ast::Test& test, const std::shared_ptr<const Program>& program,
                   const RunOptions& options, Coverage* coverage) {
  TestResult result{.test = &test, .failures = {}};
  if (test.calls.empty()) {
    result.failures.push_back(
        {.mismatches = {{test.name.span, "it calls nothing"}}, .call = {}, .explanation = {}});
  }
  CallEvaluation evaluation(program, {.server = options.server});
  std::int64_t now_ns = InstantOf(kTestClock);
  for (const ast::TestCall& call : test.calls) {
    if (call.at) now_ns = InstantOf(call.at->text);
    const std::string line = LineOf(call);
    Decision decision;
    const bool was_read = evaluation.Decide(line, now_ns, decision);
    if (was_read && coverage != nullptr) coverage->Add(evaluation.frame(), decision);
    auto mismatches = Comparison(call, *program, decision).Mismatches();
    if (mismatches.empty()) continue;
    result.failures.push_back(
        {.mismatches = std::move(mismatches),
         .call = line,
         .explanation = was_read ? Explanation(evaluation.frame(), decision) : ""});
  }
  return result;
}

}  // namespace

std::size_t SuiteResult::failed_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(tests, [](const TestResult& test) { return !test.has_passed(); }));
}

SuiteResult RunSuite(const Suite& suite, const std::shared_ptr<const Program>& program,
                     const RunOptions& options, Coverage* coverage) {
  SuiteResult result{.suite = &suite, .tests = {}};
  for (const ast::Test& test : suite.tests) {
    if (!test.name.text.contains(options.filter)) continue;
    result.tests.push_back(RunTest(test, program, options, coverage));
  }
  return result;
}

}  // namespace policy
