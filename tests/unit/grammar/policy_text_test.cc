#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "grammar/limits.h"
#include "grammar/policy_text_reader.h"
#include "policy/source.h"

namespace policy {
namespace {

std::string Repeat(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string InRule(const std::string& condition) {
  return "default deny\ntool a { allow when " + condition + " }\n";
}

// The codes of what is reported.
std::vector<std::string> CodesOf(const std::string& text) {
  const Source source("test.policy", text);
  Diagnostics diagnostics;
  const auto policy = ReadPolicyText(source, nullptr, diagnostics);
  CHECK(policy.has_value() == !diagnostics.has_errors());
  std::vector<std::string> codes;
  for (const Diagnostic& diagnostic : diagnostics.all()) codes.emplace_back(diagnostic.code);
  return codes;
}

using Codes = std::vector<std::string>;

TEST_CASE("Nesting has a limit, and no input reaches the stack's") {
  const std::size_t deep = 20'000;
  // The innermost comparison and its rule's own expression are two of the levels.
  const std::size_t most = kExpressionDepthMax - 1;
  CHECK(CodesOf(InRule(Repeat("(", most) + "args.x" + Repeat(")", most))) == Codes{});
  CHECK(CodesOf(InRule(Repeat("(", most + 1) + "args.x" + Repeat(")", most + 1))) ==
        Codes{"P1042"});
  const std::string deep_ones[] = {
      Repeat("(", deep) + "args.x" + Repeat(")", deep),
      Repeat("(", deep),
      Repeat("not ", deep) + "args.x",
      "1" + Repeat(" + 1", deep) + " == args.x",
      "1" + Repeat(" * 1", deep) + " == args.x",
      Repeat("f(", deep) + Repeat(")", deep),
      Repeat("any x in args.y: ", deep) + "args.x",
      Repeat("any x in (", deep) + "args.x",
  };
  for (const std::string& condition : deep_ones) {
    INFO(condition.substr(0, 20));
    const Codes codes = CodesOf(InRule(condition));
    REQUIRE(!codes.empty());
    CHECK(codes.front() == "P1042");
  }
  const std::string records = "default deny\ntest \"t\" { call a { x: ";
  CHECK(CodesOf(records + Repeat("[", deep)).front() == "P1042");
  CHECK(CodesOf(records + Repeat("{x:", deep)).front() == "P1042");
}

double SecondsToRead(const std::string& text) {
  const auto begin = std::chrono::steady_clock::now();
  CodesOf(text);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Reading that tries a long thing twice at every level takes ages already here.
TEST_CASE("Reading takes time in proportion to the text") {
  const auto texts = [](std::size_t size) -> std::vector<std::string> {
    const std::string nested =
        Repeat("(", kExpressionDepthMax - 2) + "args.x" + Repeat(")", kExpressionDepthMax - 2);
    return {
        InRule("true" + Repeat(" and " + nested, size / 50)),
        InRule("args.x in [" + Repeat("1, ", size * 10) + "]"),
        InRule("args.x" + Repeat(" /* ", size)),
        InRule("args.x == 1" + Repeat(" // comment\n", size)),
        "default deny\n" + Repeat("tool a { allow when }\n", size),
        "default deny\n" + Repeat("tool a {\n", size),
        Repeat("}", size) + Repeat("{", size),
        "default deny\ntool a {" + Repeat("deny \"x", size) + "}",
        "default deny\ntool a {" + Repeat("deny \"x\n", size) + "}",
        "default deny\ntool a {" + Repeat(" deny when a = b", size) + "}",
        "default deny\nhide " + Repeat("a, ", size),
        "default deny\ntest \"t\" {" + Repeat("call a {} expect ", size) + "}",
    };
  };
  const auto small = texts(1'000);
  const auto large = texts(8'000);
  for (std::size_t i = 0; i < small.size(); ++i) {
    INFO(i << ": " << small[i].substr(0, 60));
    const double small_s = SecondsToRead(small[i]);
    // Eight times the text; four times as much again is what a busy machine may take.
    CHECK(SecondsToRead(large[i]) < 32 * small_s + 0.5);
  }
}

TEST_CASE("Spans hold what they name") {
  const std::string text =
      "default deny // first\n"
      "tool a, \"b*\" on server \"s\" {\n"
      "  allow  when  args.x [0]  // second\n"
      "    and ( args.y  ==  \"z\" )   // third\n"
      "}";
  const Source source("test.policy", text);
  Diagnostics diagnostics;
  // `args.x [0]` is a path and something else.
  CHECK(!ReadPolicyText(source, nullptr, diagnostics));
  const std::string good = std::string(text).erase(text.find(" [0]"), 4);
  const Source good_source("test.policy", good);
  Diagnostics none;
  const auto policy = ReadPolicyText(good_source, nullptr, none);
  REQUIRE(policy);
  const auto at = [&](Span span) { return good.substr(span.begin, span.end - span.begin); };
  CHECK(at(policy->default_span) == "deny");
  REQUIRE(policy->blocks.size() == 1);
  const ast::ToolBlock& block = policy->blocks[0];
  CHECK(at(block.span) == good.substr(good.find("tool")));
  CHECK(at(block.patterns[1].span) == "\"b*\"");
  CHECK(at(block.server->span) == "\"s\"");
  const ast::Statement& statement = block.statements[0];
  CHECK(at(statement.span) ==
        good.substr(good.find("allow"), good.find(")") + 1 - good.find("allow")));
  const auto& allow = std::get<ast::Allow>(statement.node);
  const auto& junction = std::get<ast::Junction>(ast::At(*policy, *allow.when).node);
  CHECK(at(ast::At(*policy, junction.operands[0]).span) == "args.x");
  const ast::Expression& second = ast::At(*policy, junction.operands[1]);
  CHECK(at(second.span) == "args.y  ==  \"z\"");
  CHECK(second.in_parentheses);
  CHECK(at(std::get<ast::Comparison>(second.node).op_span) == "==");
  REQUIRE(policy->comments.size() == 3);
  CHECK(at(policy->comments[1].span) == "// second");
  CHECK(!policy->comments[1].begins_line);
}

}  // namespace
}  // namespace policy
