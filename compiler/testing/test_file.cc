#include "compiler/testing/test_file.h"

#include <array>
#include <string>
#include <utility>

#include "compiler/check/tests.h"
#include "grammar/json_document.h"
#include "grammar/json_fields.h"

namespace policy {

namespace {

using json::Kind;
using std::string_view_literals::operator""sv;

constexpr std::array kFileKeys = {"policy"sv, "tools"sv, "tests"sv, "$schema"sv, "description"sv};
constexpr std::array kTestKeys = {"name"sv,        "calls"sv,   "grant"sv,  "now"sv,
                                  "server"sv,      "session"sv, "claims"sv, "attributes"sv,
                                  "annotations"sv, "client"sv};
constexpr std::array kCallKeys = {"tool"sv,       "args"sv,        "expect"sv,  "grant"sv,
                                  "now"sv,        "server"sv,      "session"sv, "claims"sv,
                                  "attributes"sv, "annotations"sv, "client"sv};
constexpr std::array kExpectKeys = {"decision"sv, "rule"sv, "message"sv, "retry_after_ms"sv,
                                    "from"sv};
constexpr std::array kClientKeys = {"name"sv, "version"sv};
// In the order of ast::ExpectedOutcome.
constexpr std::array kDecisions = {"allow"sv, "deny"sv, "approval"sv, "limited"sv};

constexpr std::uint64_t kRetryMsMax = 100ull * 366 * 86'400'000;

void ReadText(JsonInput input, const Fields& fields, std::string_view key,
              std::optional<ast::Word>& word) {
  const json::Value* value = fields.Find(key);
  if (value == nullptr) return;
  if (auto text = ReadString(input, *value, key)) word = {*std::move(text), value->span};
}

std::string RawText(JsonInput input, const json::Value& value) {
  return std::string(
      input.source.text().substr(value.span.begin, value.span.end - value.span.begin));
}

// A record that the call's reader will look into, as it is written.
void ReadRecord(JsonInput input, const Fields& fields, std::string_view key, std::string& raw) {
  const json::Value* value = fields.Find(key);
  if (value == nullptr) return;
  if (Expect(input, *value, Kind::Record, key, "an object")) raw = RawText(input, *value);
}

void ReadClient(JsonInput input, const Fields& fields, std::string& raw) {
  const json::Value* value = fields.Find("client");
  if (value == nullptr || !Expect(input, *value, Kind::Record, "client", "an object")) return;
  const Fields client(input, *value, "a client", kClientKeys);
  std::optional<ast::Word> ignored;
  ReadText(input, client, "name", ignored);
  ReadText(input, client, "version", ignored);
  raw = RawText(input, *value);
}

// What a test says for all its calls and a call for itself.
void ReadContext(JsonInput input, const Fields& fields, ast::TestCall& call) {
  ReadText(input, fields, "grant", call.grant);
  ReadText(input, fields, "server", call.server);
  ReadText(input, fields, "session", call.session);
  ReadRecord(input, fields, "claims", call.claims);
  ReadRecord(input, fields, "attributes", call.attributes);
  ReadRecord(input, fields, "annotations", call.annotations);
  ReadClient(input, fields, call.client);
  ReadText(input, fields, "now", call.at);
}

void ReadExpectation(JsonInput input, const json::Value& record, ast::TestCall& call) {
  call.expect_span = record.span;
  if (!Expect(input, record, Kind::Record, "expect", "an object with `decision`")) return;
  const Fields fields(input, record, "an expectation", kExpectKeys);
  if (const json::Value* decision = fields.Require("decision")) {
    call.expect_span = decision->span;
    const auto word = ReadWord(input, *decision, "decision", "a decision", kDecisions);
    if (word) call.outcome = static_cast<ast::ExpectedOutcome>(*word);
  }
  ReadText(input, fields, "rule", call.rule);
  ReadText(input, fields, "message", call.message);
  ReadText(input, fields, "from", call.from);
  if (const json::Value* wait = fields.Find("retry_after_ms")) {
    if (ReadWholeNumber(input, *wait, "retry_after_ms", {0, kRetryMsMax})) {
      call.retry_after_ms = {wait->text, wait->span};
    }
  }
}

// `call` comes with what the test says for all its calls.
ast::TestCall ReadCall(JsonInput input, const json::Value& record, ast::TestCall call) {
  call.span = record.span;
  if (!Expect(input, record, Kind::Record, "a call", "an object with `tool`")) return call;
  const Fields fields(input, record, "a call", kCallKeys);
  if (const json::Value* tool = fields.Require("tool")) {
    if (auto name = ReadString(input, *tool, "tool")) call.tool = {*std::move(name), tool->span};
  }
  ReadRecord(input, fields, "args", call.arguments);
  ReadContext(input, fields, call);
  if (const json::Value* expect = fields.Require("expect")) ReadExpectation(input, *expect, call);
  return call;
}

ast::Test ReadTest(JsonInput input, const json::Value& record) {
  ast::Test test;
  test.span = record.span;
  if (!Expect(input, record, Kind::Record, "a test", "an object with `calls`")) return test;
  const Fields fields(input, record, "a test", kTestKeys);
  if (const json::Value* name = fields.Require("name")) {
    if (auto text = ReadString(input, *name, "name")) test.name = {*std::move(text), name->span};
  }
  ast::TestCall common;
  ReadContext(input, fields, common);
  const json::Value* calls = fields.Require("calls");
  if (calls == nullptr || !Expect(input, *calls, Kind::List, "calls", "a list of calls")) {
    return test;
  }
  if (!CheckCount(input, *calls, "calls", kTestCallsMax)) return test;
  for (const json::Value& call : calls->items) {
    test.calls.push_back(ReadCall(input, call, common));
    common.at.reset();  // the clock stands where the last call left it
  }
  return test;
}

}  // namespace

bool IsTestFileName(std::string_view path) { return path.ends_with(".test.json"); }

std::optional<Suite> ReadTestFile(const Source& source, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const auto document = json::Parse(source, diagnostics);
  if (!document) return std::nullopt;
  const JsonInput input{source, diagnostics};
  if (!Expect(input, *document, Kind::Record, "a test file", "an object")) return std::nullopt;
  const Fields fields(input, *document, "a test file", kFileKeys);
  Suite suite;
  suite.source = &source;
  fields.Require("policy");
  ReadText(input, fields, "policy", suite.policy);
  ReadText(input, fields, "tools", suite.tools);
  std::optional<ast::Word> ignored;
  ReadText(input, fields, "$schema", ignored);
  ReadText(input, fields, "description", ignored);
  if (const json::Value* tests = fields.Require("tests")) {
    if (Expect(input, *tests, Kind::List, "tests", "a list of tests") &&
        CheckCount(input, *tests, "tests", kTestsMax)) {
      for (const json::Value& test : tests->items) suite.tests.push_back(ReadTest(input, test));
    }
  }
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  CheckTests(suite.tests, source, diagnostics);
  if (diagnostics.error_count() != errors_before) return std::nullopt;
  return suite;
}

}  // namespace policy
