#include "compiler/catalog/tool_lock.h"

#include <catch2/catch.hpp>
#include <string>

#include "compiler/catalog/canonical_json.h"

namespace policy::catalog {
namespace {

json::Value Parsed(const std::string& text) {
  const Source source("value.json", text);
  Diagnostics diagnostics;
  auto value = json::Parse(source, diagnostics);
  REQUIRE(value.has_value());
  return *std::move(value);
}

// The codes of what is reported about `text`, and the lock when there is one.
struct Reading {
  std::optional<ToolLock> lock;
  std::string codes;
};

Reading ReadText(const std::string& text, std::string_view server = "") {
  const Source source("tools.lock.json", text);
  Diagnostics diagnostics;
  Reading reading{.lock = ReadToolLock(source, server, diagnostics), .codes = ""};
  for (const Diagnostic& finding : diagnostics.all()) {
    reading.codes += std::string(reading.codes.empty() ? "" : " ") + std::string(finding.code);
  }
  return reading;
}

const char kList[] = R"({"tools": [
  {"name": "pay", "description": "Pays", "inputSchema": {"type": "object"}, "outputSchema": null,
   "annotations": {"readOnlyHint": false}, "title": "Pay"},
  {"name": "look", "inputSchema": {"properties": {"b": {}, "a": {}}}}]})";

TEST_CASE("canonical JSON is one spelling") {
  struct {
    const char* written;
    const char* canonical;
  } const kCases[] = {
      {R"( { "b" : 1 , "a" : [ true , null ] } )", R"({"a":[true,null],"b":1})"},
      {"[1.0, 10e-1, 1E2, -0, 0.50]", "[1,1,100,0,0.5]"},
      {"[1e400, 9007199254740993]", "[1e400,9007199254740993]"},
      {R"("\u0041\/\u00e9\ud83d\ude00\u000b\n")", "\"A/\u00e9\U0001F600\\u000b\\n\""},
      {R"({"é":1,"z":2,"":3})", "{\"\":3,\"z\":2,\"\u00e9\":1}"},
      {"{}", "{}"},
      {"[]", "[]"},
  };
  for (const auto& [written, canonical] : kCases) {
    CHECK(CanonicalJson(Parsed(written)) == canonical);
  }
}

TEST_CASE("what is reviewed shows what cannot be seen") {
  CHECK(ReviewableJsonOf("a\u202Eb\u200B\u00e9\U000E0041") ==
        "\"a\\u202eb\\u200b\u00e9\\udb40\\udc41\"");
  CHECK(ReviewableJson(Parsed(R"({"b": {"x": []}, "a": [1, "two"]})"), 0) ==
        "{\n  \"a\": [1, \"two\"],\n  \"b\": {\n    \"x\": []\n  }\n}");
  CHECK(CanonicalJson(Parsed(ReviewableJson(Parsed(R"(["\u202e", {"k\u200b": 1}])"), 3))) ==
        CanonicalJson(Parsed(R"(["\u202e", {"k\u200b": 1}])")));
}

TEST_CASE("SHA-256 is the standard's") {
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a list becomes a lock that reads as it was written") {
  const Reading list = ReadText(kList, "bank");
  REQUIRE(list.lock);
  const std::string written = WriteToolLock(*list.lock);
  const Reading again = ReadText(written);
  INFO(written);
  CHECK(again.codes.empty());
  REQUIRE(again.lock);
  CHECK(WriteToolLock(*again.lock) == written);
  const LockedServer* server = again.lock->Find("bank");
  REQUIRE(server != nullptr);
  REQUIRE(server->tools.size() == 2);
  CHECK(server->tools[0].name == "look");
  CHECK(!server->tools[0].description);
  CHECK(server->tools[1].description == "Pays");
  CHECK(!server->tools[1].output_schema);
  CHECK(CanonicalJson(*server->tools[1].annotations) == R"({"readOnlyHint":false})");
  CHECK(HashesOf(server->tools[1]) == HashesOf(list.lock->servers[0].tools[1]));
}

TEST_CASE("the server of a list is the one given, else the one it names") {
  const std::string tools = R"("tools": [{"name": "a", "inputSchema": {}}])";
  CHECK(ReadText("{" + tools + "}").lock->servers[0].name == "default");
  CHECK(ReadText("{" + tools + "}", "fs").lock->servers[0].name == "fs");
  const std::string dump =
      R"({"initialize": {"serverInfo": {"name": "bank"}}, "toolsList": {)" + tools + "}}";
  CHECK(ReadText(dump).lock->servers[0].name == "bank");
  CHECK(ReadText(dump, "fs").lock->servers[0].name == "fs");
  CHECK(
      ReadText(R"({"jsonrpc": "2.0", "id": 1, "result": {)" + tools + "}}").lock->servers[0].name ==
      "default");
}

TEST_CASE("a hash holds each part of a tool to what was reviewed") {
  const std::string lock = WriteToolLock(*ReadText(kList).lock);
  struct {
    std::string_view from;
    std::string_view to;
  } const kEdits[] = {{"Pays", "Pays all"}, {"\"object\"", "\"string\""}, {"\"pay\"", "\"pax\""}};
  for (const auto& [from, to] : kEdits) {
    std::string edited = lock;
    edited.replace(edited.find(from), from.size(), to);
    CHECK(ReadText(edited).codes == "P7002");
  }
}

TEST_CASE("a lock is read strictly") {
  struct {
    const char* text;
    const char* codes;
  } const kCases[] = {
      {"[]", "P1008"},
      {"{}", "P7004"},
      {R"({"tools": {}})", "P1008"},
      {R"({"version": 2, "servers": {}})", "P7003"},
      {R"({"version": 1, "servers": {}})", ""},
      {R"({"version": 1})", "P1009"},
      {R"({"version": 1, "servers": {}, "tool": {}})", "P1007"},
      {R"({"version": 1, "servers": {"a": {"tools": {}}, "a": {"tools": {}}}})", "P1006"},
      {R"({"version": 1, "servers": {"": {"tools": {}}}})", "P7009"},
      {R"({"version": 1, "servers": {"a": {}}})", "P1009"},
      {R"({"version": 1, "servers": {"a": {"tools": {"t": {"inputSchema": {}}}}}})", "P1009"},
      {R"({"version": 1, "servers": {"a": {"tools": {"t": {"hashes": {}}}}}})", "P7006"},
      {R"({"version": 1, "servers": {"a": {"tools": {"t": {"inputSchema": true, "hashes": {}}}}}})",
       "P1008"},
      {R"({"tools": [{"name": "a", "inputSchema": {"type": "object", "type": "string"}}]})",
       "P1006"},
      {R"({"tools": [{"inputSchema": {}}]})", "P7008"},
      {R"({"tools": [{"name": 5, "inputSchema": {}}]})", "P7008"},
      {R"({"tools": [{"name": "a"}]})", "P7006"},
      {R"({"tools": [{"name": "a", "inputSchema": {}}, {"name": "a", "inputSchema": {}}]})",
       "P7005"},
      {R"({"tools": [], "nextCursor": "2"})", "P7007"},
  };
  for (const auto& [text, codes] : kCases) {
    INFO(text);
    CHECK(ReadText(text).codes == codes);
  }
}

TEST_CASE("schemas may be deeper than policies, but not without end") {
  const auto list = [](int depth) {
    std::string schema = "{}";
    for (int i = 0; i < depth; ++i) schema = R"({"items":)" + schema + "}";
    return R"({"tools":[{"name":"a","inputSchema":)" + schema + "}]}";
  };
  CHECK(ReadText(list(50)).codes.empty());
  CHECK(ReadText(list(80)).codes == "P1005");
}

}  // namespace
}  // namespace policy::catalog
