#include "runtime/mcp/tools_list_filter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

TEST_CASE("hidden tools are cut out and nothing else changes") {
  struct Row {
    const char* tools;
    const char* want;
  };
  // Tools whose names begin with h are hidden.
  const Row rows[] = {
      {"[]", "[]"},
      {"[ ]", "[ ]"},
      {R"([{"name":"a"}])", R"([{"name":"a"}])"},
      {R"([{"name":"h"}])", "[]"},
      {R"([ {"name":"h"} ])", "[  ]"},
      {R"([ {"name":"h"} , {"name":"a"} ])", R"([ {"name":"a"} ])"},
      {R"([ {"name":"a"} , {"name":"h"} ])", R"([ {"name":"a"} ])"},
      {R"([{"name":"a"} ,  {"name":"h"},{"name":"b"}])", R"([{"name":"a"},{"name":"b"}])"},
      {R"([{"name":"h1"},{"name":"h2"},{"name":"a"},{"name":"h3"},{"name":"b"},{"name":"h4"}])",
       R"([{"name":"a"},{"name":"b"}])"},
      {R"([{"\u006eame":"\u0068idden"},{"n":1,"name":"a"}])", R"([{"n":1,"name":"a"}])"},
      {R"([{"title":"h","inputSchema":{"name":"h"},"x":1.0,"name":"a"}])",
       R"([{"title":"h","inputSchema":{"name":"h"},"x":1.0,"name":"a"}])"},
      {R"([1,"h",null,[{"name":"a"}],{},{"name":1},{"name":null},{"name":"b"}])",
       R"([{"name":"b"}])"},
  };
  MessageReader reader(Direction::FromServer);
  for (const Row& row : rows) {
    const std::string before = R"( {"result": {"_meta":{"a":1,"A":2e400},"tools": )";
    const std::string after =
        " ,\"nextCursor\":\"c\u2028\" }, "
        "\"jsonrpc\":\"2.0\",\"id\":\"\\u0041\"} ";
    const std::string bytes = before + row.tools + after;
    CAPTURE(bytes);
    const auto message = reader.Read(bytes, nullptr);
    REQUIRE(message);
    std::string text = "left from before";
    FilterToolsList(*message, [](std::string_view name) { return !name.starts_with('h'); }, text);
    CHECK(text == before + row.want + after);
    FilterToolsList(*message, [](std::string_view) { return true; }, text);
    if (row.tools[1] != '1') CHECK(text == bytes);
  }
}

TEST_CASE("every name is asked for once, in order") {
  MessageReader reader(Direction::FromServer);
  const std::string bytes = R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"b"},)"
                            R"({"name":"\u0061"},{"name":"b"}]}})";
  const auto message = reader.Read(bytes, nullptr);
  REQUIRE(message);
  std::vector<std::string> names;
  std::string text;
  FilterToolsList(
      *message,
      [&names](std::string_view name) {
        names.emplace_back(name);
        return true;
      },
      text);
  CHECK(names == std::vector<std::string>{"b", "a", "b"});
}

}  // namespace
}  // namespace policy::mcp
