// Explanations of single calls, each against the lines that a reader needs from it.
#include "compiler/testing/explanation.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/testing/call_evaluation.h"
#include "policy/compiler.h"
#include "policy/program.h"

namespace policy {
namespace {

// One policy of the text form, asked about calls.
class Explainer {
 public:
  explicit Explainer(const std::string& text) {
    Diagnostics diagnostics;
    const Source source("main.policy", text);
    const auto bytes = Compile(source, {.optimise = false}, diagnostics);
    for (const Diagnostic& finding : diagnostics.all()) UNSCOPED_INFO(finding.message);
    REQUIRE(bytes.has_value());
    auto program = Program::Load(*bytes);
    REQUIRE(program.has_value());
    evaluation_ = std::make_unique<CallEvaluation>(*program, CallDefaults{});
  }

  std::string Explain(std::string_view line) {
    Decision decision;
    REQUIRE(evaluation_->Decide(line, 0, decision));
    return Explanation(evaluation_->frame(), decision);
  }

 private:
  std::unique_ptr<CallEvaluation> evaluation_;
};

TEST_CASE("a tool that no rule names is explained by the default") {
  CHECK(Explainer("default deny").Explain(R"({"tool":"x"})") ==
        "  /default (default, line 1): no rule admits the tool\n");
  CHECK(Explainer("default allow").Explain(R"({"tool":"x"})") ==
        "  /default (default, line 1): admits\n");
}

TEST_CASE("each kind of rule says what became of it") {
  Explainer explainer(
      "default deny\n"
      "tool pay {\n"
      "  allow when args.n == 1\n"
      "  deny when args.d == 1\n"
      "  require args.r == 1\n"
      "  approve when args.p == 1\n"
      "}\n");
  CHECK(explainer.Explain(R"({"tool":"pay","args":{"n":1,"d":0,"r":1,"p":0}})") ==
        "  pay/allow/1 (allow, line 3): admits\n"
        "    args.n == 1: held; args.n is 1\n"
        "  pay/deny/1 (deny, line 4): does not fire\n"
        "    args.d == 1: failed; args.d is 0\n"
        "  pay/require/1 (require, line 5): met\n"
        "    args.r == 1: held; args.r is 1\n"
        "  pay/approve/1 (approve, line 6): does not fire\n"
        "    args.p == 1: failed; args.p is 0\n");
  CHECK(explainer.Explain(R"({"tool":"pay","args":{"n":2,"d":1,"r":2,"p":1}})") ==
        "  pay/allow/1 (allow, line 3): does not admit\n"
        "    args.n == 1: failed; args.n is 2\n"
        "  pay/deny/1 (deny, line 4): fires, so it denies\n"
        "    args.d == 1: held; args.d is 1\n"
        "  pay/require/1 (require, line 5): not met, so it denies\n"
        "    args.r == 1: failed; args.r is 2\n"
        "  pay/approve/1 (approve, line 6): fires, a person must release the call\n"
        "    args.p == 1: held; args.p is 1\n");
  CHECK(explainer.Explain(R"({"tool":"pay"})") ==
        "  pay/allow/1 (allow, line 3): unknown, so it does not admit\n"
        "    args.n == 1: unknown; `args.n` is missing\n"
        "  pay/deny/1 (deny, line 4): unknown, so it denies\n"
        "    args.d == 1: unknown; `args.d` is missing\n"
        "  pay/require/1 (require, line 5): unknown, so it denies\n"
        "    args.r == 1: unknown; `args.r` is missing\n"
        "  pay/approve/1 (approve, line 6): unknown, so a person must release the call\n"
        "    args.p == 1: unknown; `args.p` is missing\n");
}

TEST_CASE("an unknown condition shows the value that it could not judge") {
  Explainer explainer("default deny\ntool a { allow when args.x == 5 }");
  CHECK_THAT(explainer.Explain(R"({"tool":"a","args":{"x":"5"}})"),
             Catch::Contains("unknown; `args.x` is text, not a number: \"5\"\n"));
  CHECK_THAT(explainer.Explain(R"({"tool":"a","args":{"x":null}})"), Catch::Contains("null"));
  CHECK_THAT(explainer.Explain(R"({"tool":"a","args":{"x":9007199254740993}})"),
             Catch::Contains("9007199254740993"));
}

TEST_CASE("long values are cut between characters") {
  Explainer explainer("default deny\ntool a { allow when args.x == \"y\" }");
  std::string value(119, 'x');
  value += "\u00e4" + std::string(200, 'z');
  const std::string text = explainer.Explain(R"({"tool":"a","args":{"x":")" + value + R"("}})");
  CHECK_THAT(text, Catch::Contains(std::string(119, 'x')));
  CHECK_THAT(text, !Catch::Contains("z"));
  CHECK_THAT(text, !Catch::Contains("\xC3\""));  // half a character before the quote
}

TEST_CASE("a quantifier counts its elements and names the first that failed") {
  Explainer explainer("default deny\ntool send { allow when all r in args.to: r == \"a\" }");
  CHECK_THAT(explainer.Explain(R"({"tool":"send","args":{"to":["a","b","c",7]}})"),
             Catch::Contains("of 4 elements 1 held, 2 failed, 1 unknown; the first that failed: "
                             "args.to[1], \"b\""));
}

TEST_CASE("a value made of others shows its parts") {
  Explainer explainer("default deny\ntool a { allow when args.x + args.y > 3 }");
  const std::string text = explainer.Explain(R"({"tool":"a","args":{"x":1,"y":2}})");
  CHECK_THAT(text, Catch::Contains("args.x is 1"));
  CHECK_THAT(text, Catch::Contains("args.y is 2"));
}

TEST_CASE("rules of a block for another server are told from those that do not fire") {
  Explainer explainer(
      "default deny\n"
      "counter c = 1 per day\n"
      "tool a on server \"fs\" {\n"
      "  allow\n"
      "  limit c\n"
      "}\n");
  CHECK(explainer.Explain(R"({"tool":"a","server":"web"})") ==
        "  a@fs/allow/1 (allow, line 4): its block is for another server\n"
        "  a@fs/limit/1 (limit, line 5): its block is for another server\n"
        "  /default (default, line 1): no rule admits the tool\n");
}

TEST_CASE("limits say how much is used, and why they cannot count") {
  Explainer explainer(
      "default deny\n"
      "counter money = 5.00 per day\n"
      "tool pay {\n"
      "  allow\n"
      "  charge money args.n\n"
      "}\n");
  CHECK_THAT(explainer.Explain(R"({"tool":"pay","args":{"n":2.5}})"),
             Catch::Contains("pay/limit/1 (limit, line 5): has room, 2.50 of 5.00 used"));
  CHECK_THAT(explainer.Explain(R"({"tool":"pay","args":{"n":3}})"),
             Catch::Contains("has no room, 2.50 of 5.00 used"));
  CHECK_THAT(explainer.Explain(R"({"tool":"pay","args":{"n":-1}})"),
             Catch::Contains("cannot be counted, so it denies"));
}

TEST_CASE("an argument that is closed out is named") {
  Explainer explainer("default deny\ntool a {\n  allow\n  args only x\n}");
  CHECK_THAT(explainer.Explain(R"({"tool":"a","args":{"x":1,"hidden":2}})"),
             Catch::Contains("fires, so it denies; \"hidden\" is not among them"));
}

}  // namespace
}  // namespace policy
