#include "runtime/mcp/call_line.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy::mcp {
namespace {

TEST_CASE("a line is read") {
  CallLineReader reader;
  const std::string bytes =
      R"({"tool":"se\u006ed","args":{"a":1},"server":"s","grant":"g","session":"x",)"
      R"("claims":{"a":1,"A":2},)"
      R"("attributes":{"t":[1]},"annotations":{},"client":{"name":"n","version":"v"},)"
      R"("now":"1970-01-01T00:00:01Z"})";
  const auto line = reader.Read(bytes);
  REQUIRE(line);
  CHECK_FALSE(line->is_message);
  CHECK(line->tool == "send");
  CHECK(line->arguments == R"({"a":1})");
  CHECK(line->server == "s");
  CHECK(line->grant == "g");
  CHECK(line->session == "x");
  CHECK(line->claims == R"({"a":1,"A":2})");
  CHECK(line->attributes == R"({"t":[1]})");
  CHECK(line->annotations == "{}");
  CHECK(line->client_name == "n");
  CHECK(line->client_version == "v");
  CHECK(line->now_ns == 1'000'000'000);

  const auto least = reader.Read(R"({"tool":"t"})");
  REQUIRE(least);
  CHECK(least->arguments == "{}");
  CHECK(least->claims.empty());
  CHECK_FALSE(least->now_ns);

  const auto message = reader.Read(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  REQUIRE(message);
  CHECK(message->is_message);
}

TEST_CASE("lines that are not calls are refused") {
  struct Row {
    const char* bytes;
    int code;
    const char* reason;
  };
  const Row rows[] = {
      {"", -32700, "the text ends early"},
      {"{", -32700, "a key in quotes is missing"},
      {"[]", -32600, "the line is not an object"},
      {"7", -32600, "the line is not an object"},
      {"{}", -32600, "`tool` is missing"},
      {R"({"tool":1})", -32600, "`tool` is not a string"},
      {R"({"tool":"t","args":[]})", -32600, "`args` is not an object"},
      {R"({"tool":"t","args":null})", -32600, "`args` is not an object"},
      {R"({"tool":"t","argz":{}})", -32600, "unknown key `argz`"},
      {R"({"tool":"t","client":{"nam":"x"}})", -32600, "unknown key `nam`"},
      {R"({"tool":"t","client":{"name":1}})", -32600, "`name` is not a string"},
      {R"({"tool":"t","client":"x"})", -32600, "`client` is not an object"},
      {R"({"tool":"t","tool":"u"})", -32600, "duplicate key `tool`"},
      {R"({"tool":"t","args":{"a":1,"A":1}})", -32600,
       "keys `a` and `A` differ by letter case only"},
      {R"({"tool":"t","claims":{"a":{"b":1,"b":1}}})", -32600, "duplicate key `b`"},
      {R"({"tool":"t","now":"noon"})", -32600, "`now` is not a time as in 2026-03-01T10:00:00Z"},
      {R"({"tool":"t","now":1})", -32600, "`now` is not a string"},
      {R"({"tool":"\ud800"})", -32600, "lone surrogate in a string"},
  };
  CallLineReader reader;
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    const auto line = reader.Read(row.bytes);
    REQUIRE_FALSE(line);
    CHECK(line.error().code == row.code);
    CHECK(line.error().reason == row.reason);
  }
}

}  // namespace
}  // namespace policy::mcp
