#include "runtime/mcp/record_text.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy::mcp {
namespace {

TEST_CASE("members are found by what their key says") {
  const std::string_view record = R"({ "a" : 1.0 ,"\u0062":{"a":2}, "c":"x\n"})";
  CHECK(MemberOf(record, "a") == "1.0");
  CHECK(MemberOf(record, "b") == R"({"a":2})");
  CHECK(MemberOf(MemberOf(record, "b"), "a") == "2");
  CHECK(MemberOf(record, "d").empty());
  CHECK(MemberOf("", "a").empty());
  CHECK(MemberOf("[1]", "a").empty());
  CHECK(TextOf(MemberOf(record, "c")) == "x\n");
  CHECK(!TextOf(MemberOf(record, "a")));
}

TEST_CASE("members are added to the front") {
  struct Row {
    const char* text;
    const char* want;
  };
  const Row rows[] = {
      {R"({"r":{}})", R"({"r":{"n":1}})"},
      {R"({"r":{ }})", R"({"r":{"n":1 }})"},
      {R"({"r":{ "a":2}})", R"({"r":{"n":1, "a":2}})"},
  };
  for (const Row& row : rows) {
    Splice splice(row.text);
    splice.AddMembers(MemberOf(row.text, "r"), R"("n":1)");
    CHECK(splice.Text() == row.want);
  }
}

TEST_CASE("members are taken out with their commas") {
  struct Row {
    const char* text;
    const char* want;
  };
  // Keys that begin with h go.
  const Row rows[] = {
      {R"({})", R"({})"},
      {R"({"a":1 , "b":2})", R"({"a":1 , "b":2})"},
      {R"({ "h":1 })", R"({  })"},
      {R"({"h":1,"h2":[{}], "a":3})", R"({"a":3})"},
      {R"({"a":1 , "h":{"a":1} })", R"({"a":1 })"},
      {R"({"a":1,"h":2,"h3":3 , "b":4})", R"({"a":1 , "b":4})"},
      {R"({"h":1,"a":1,"\u0068":2,"b":{"h":1},"h9":1})", R"({"a":1,"b":{"h":1}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Splice splice(row.text);
    splice.RemoveMembers(row.text, [](std::string_view key) { return key.starts_with('h'); });
    CHECK(splice.Text() == row.want);
  }
}

TEST_CASE("parts are exchanged in any order") {
  const std::string_view text = R"({"a":1,"b":{"c":2}})";
  Splice splice(text);
  splice.Replace(MemberOf(MemberOf(text, "b"), "c"), "33");
  splice.AddMembers(text, R"("n":0)");
  splice.Replace(MemberOf(text, "a"), "11");
  CHECK(splice.Text() == R"({"n":0,"a":11,"b":{"c":33}})");
}

}  // namespace
}  // namespace policy::mcp
