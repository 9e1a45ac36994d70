#include "runtime/value/json_walk.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy {
namespace {

TEST_CASE("lists and records are walked in place") {
  ListWalk list("[ 1 ,\"a,]\\\"\" , [2,[3]] ,{\"x\":[1,2]}, null,-1.5e3 ]");
  std::vector<std::string> elements;
  for (std::string_view element; list.Next(element);) elements.emplace_back(element);
  CHECK(elements ==
        std::vector<std::string>{"1", "\"a,]\\\"\"", "[2,[3]]", "{\"x\":[1,2]}", "null", "-1.5e3"});
  CHECK(CountElements("[]", 10) == 0);
  CHECK(CountElements("[ ]", 10) == 0);
  CHECK(CountElements("[1,2,3]", 2) == 2);
  CHECK(CountElements("{\"a\":1, \"b\":{\"c\":2}}", 10) == 2);
  CHECK(CountElements("{ }", 10) == 0);

  RecordWalk record("{\"a\" : 1 , \"b}\":\"{\",\"c\":{\"d\":true}\n}");
  std::vector<std::string> members;
  for (std::string_view key, value; record.Next(key, value);) {
    members.push_back(std::string(key) + "=" + std::string(value));
  }
  CHECK(members == std::vector<std::string>{"\"a\"=1", "\"b}\"=\"{\"", "\"c\"={\"d\":true}"});
}

TEST_CASE("a string ends at its first quote that no backslash escapes") {
  const std::vector<std::string> strings = {
      R"("")", R"("\\")", R"("\"")", R"("\\\"")", R"("\\\\")", R"("a\"b\"c\\")", R"("\\\\\"]")"};
  std::string text = "[";
  for (const std::string& string : strings) text += string + " ,";
  text.back() = ']';
  ListWalk list(text);
  std::vector<std::string> elements;
  for (std::string_view element; list.Next(element);) elements.emplace_back(element);
  CHECK(elements == strings);
}

TEST_CASE("escapes are decoded") {
  struct Row {
    const char* raw;
    std::string want;
  };
  const Row rows[] = {{R"("")", ""},
                      {R"("plain")", "plain"},
                      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
                      {R"("\u0041\u00e9\u20AC")", "A\u00E9\u20AC"},
                      {R"("\uD83D\uDE00!")", "\U0001F600!"},
                      {R"("a\u0000b")", std::string("a\0b", 3)},
                      {R"("tools\u002fcall")", "tools/call"}};
  for (const Row& row : rows) {
    CAPTURE(row.raw);
    std::string room(std::string_view(row.raw).size(), '?');
    CHECK(std::string_view(room.data(), Unescape(row.raw, room.data())) == row.want);
    CHECK(JsonStringEquals(row.raw, row.want));
    CHECK_FALSE(JsonStringEquals(row.raw, row.want + "x"));
    CHECK_FALSE(JsonStringEquals(row.raw, "x" + row.want));
    if (!row.want.empty()) {
      CHECK_FALSE(JsonStringEquals(row.raw, row.want.substr(0, row.want.size() - 1)));
    }
  }
}

}  // namespace
}  // namespace policy
