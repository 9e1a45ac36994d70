#include "runtime/mcp/header_marks.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

// "Region=region Depth=a.b" or "! why".
std::string MarksOf(std::string_view schema) {
  const auto marks = ReadHeaderMarks(schema);
  if (!marks) return "! " + marks.error();
  std::string text;
  for (const HeaderMark& mark : *marks) {
    if (!text.empty()) text += ' ';
    text += mark.name + '=';
    for (std::size_t i = 0; i < mark.path.size(); ++i) text += (i == 0 ? "" : ".") + mark.path[i];
  }
  return text;
}

TEST_CASE("marks are found where a chain of properties leads, and refused elsewhere") {
  struct Row {
    const char* schema;
    const char* want;
  };
  const Row rows[] = {
      {R"({})", ""},
      {R"({"type":"object","properties":{"q":{"type":"string"}}})", ""},
      {R"({"properties":{"r":{"type":"string","x-mcp-header":"Region"}}})", "Region=r"},
      {R"({"properties":{"a":{"type":"object","properties":{"b":)"
       R"({"x-mcp-header":"D","type":"integer"}}},)"
       R"("c":{"type":"boolean","\u0078-mcp-header":"C"}}})",
       "D=a.b C=c"},
      {R"({"properties":{"x-mcp-header":{"type":"string"}}})", ""},
      {R"({"properties":{"a":{"type":"string","default":{"x-mcp-header":"no"}}}})", ""},
      {R"({"x-mcp-header":"Root","type":"string"})",
       "! x-mcp-header is not the name of a header at a property"},
      {R"({"properties":{"r":{"type":"string","x-mcp-header":""}}})",
       "! x-mcp-header is not the name of a header at a property"},
      {R"({"properties":{"r":{"type":"string","x-mcp-header":1}}})",
       "! x-mcp-header is not the name of a header at a property"},
      {R"({"properties":{"r":{"type":"string","x-mcp-header":"a b"}}})",
       "! x-mcp-header is not the name of a header at a property"},
      {R"({"properties":{"r":{"type":"string","x-mcp-header":"a\r\nEvil: 1"}}})",
       "! x-mcp-header is not the name of a header at a property"},
      {R"({"properties":{"r":{"type":"object","x-mcp-header":"R"}}})",
       "! x-mcp-header `R` is not at a string, an integer or a boolean"},
      {R"({"properties":{"r":{"x-mcp-header":"R"}}})",
       "! x-mcp-header `R` is not at a string, an integer or a boolean"},
      {R"({"properties":{"r":{"type":"string","x-mcp-header":"R"},)"
       R"("s":{"type":"string","x-mcp-header":"r"}}})",
       "! x-mcp-header `r` is there twice"},
      {R"({"properties":{"r":{"type":"array","items":{"type":"string","x-mcp-header":"R"}}}})",
       "! x-mcp-header below `items`"},
      {R"({"anyOf":[{"properties":{"r":{"type":"string","x-mcp-header":"R"}}}]})",
       "! x-mcp-header below `anyOf`"},
      {R"({"$defs":{"d":{"type":"string","x-mcp-header":"R"}}})", "! x-mcp-header below `$defs`"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK(MarksOf(row.schema) == row.want);
  }
}

TEST_CASE("marks are learned from the lists of tools that go by") {
  MessageReader reader(Direction::FromServer);
  const auto learn = [&reader](ToolHeaderMarks& marks, const std::string& tools) {
    const std::string bytes = R"({"jsonrpc":"2.0","id":1,"result":{"tools":)" + tools + "}}";
    const auto message = reader.Read(bytes, nullptr);
    REQUIRE(message);
    return marks.Learn(*message);
  };
  const std::string marked =
      R"({"name":"sql","inputSchema":{"properties":{"r":{"type":"string","x-mcp-header":"R"}}}})";
  ToolHeaderMarks marks;
  CHECK(learn(marks, "[" + marked + R"(,{"name":"plain","inputSchema":{}},{"n":1}])").empty());
  REQUIRE(marks.Find("sql").size() == 1);
  CHECK(marks.Find("sql")[0].name == "R");
  CHECK(marks.Find("plain").empty());
  CHECK(marks.Find("other").empty());

  const auto unusable = learn(
      marks,
      R"([{"name":"sql","inputSchema":{"properties":{"r":{"type":"string","x-mcp-header":""}}}}])");
  REQUIRE(unusable.size() == 1);
  CHECK(unusable[0].tool == "sql");
  CHECK(marks.Find("sql").empty());
}

}  // namespace
}  // namespace policy::mcp
