#include "grammar/path_syntax.h"

#include <catch2/catch.hpp>

using policy::ParsePath;
using policy::ParsePathBelow;
using policy::ast::Step;

TEST_CASE("paths") {
  const auto path = ParsePath(R"(args.a-b[12]["x.\"y"].$z)");
  REQUIRE(path);
  CHECK(path->root.text == "args");
  CHECK(path->steps == std::vector<Step>{"a-b", 12u, "x.\"y", "$z"});
  CHECK(ParsePath("now")->steps.empty());
  CHECK(ParsePathBelow("args", "to.id")->steps == std::vector<Step>{"to", "id"});
  CHECK(ParsePathBelow("claims", "[\"a b\"]")->steps == std::vector<Step>{"a b"});
}

TEST_CASE("what is no path, and where") {
  struct Row {
    const char* text;
    std::size_t offset;
  };
  for (const Row& row : {Row{"", 0}, Row{".a", 0}, Row{"args.", 5}, Row{"args..a", 5},
                         Row{"args.0", 5}, Row{"args[", 5}, Row{"args[x]", 5}, Row{"args[1", 6},
                         Row{"args[65536]", 9}, Row{"args[\"a]", 8}, Row{"args[\"\\n\"]", 7},
                         Row{"args.a b", 6}, Row{"args.é", 5}, Row{"args[-1]", 5}}) {
    INFO(row.text);
    const auto path = ParsePath(row.text);
    REQUIRE_FALSE(path);
    CHECK(path.error().offset == row.offset);
  }
  std::string deep = "args";
  for (int i = 0; i < 30; ++i) deep += ".a";
  CHECK(ParsePath(deep));
  CHECK_FALSE(ParsePath(deep + ".a"));
}
