#include "runtime/mcp/aggregate.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/mcp/header_value.h"

namespace policy::mcp {
namespace {

const std::vector<std::string> kServers = {"git", "mail-1"};

TEST_CASE("every name in an aggregate has one reading") {
  struct Row {
    const char* server;
    bool is_good;
  };
  const Row rows[] = {{"git", true}, {"a_b", true}, {"a.b-9", true}, {"", false},  {"a__b", false},
                      {"a_", false}, {"_a", true},  {"a b", false},  {"ä", false}, {"a/b", false}};
  for (const Row& row : rows) {
    CAPTURE(row.server);
    CHECK(IsAggregateServer(row.server) == row.is_good);
    if (!row.is_good) continue;
    for (const std::string name : {"x", "_x", "__x", "x__y", "", "näme"}) {
      const std::string whole = AggregateName(row.server, name);
      const auto target = TargetOf(whole);
      REQUIRE(target);
      CHECK(target->server == row.server);
      CHECK(target->name == name);
    }
  }
  CHECK(!IsAggregateServer(std::string(65, 'a')));
  CHECK(!TargetOf("git_status"));
  CHECK(!TargetOf("__x"));
}

std::string Routed(const std::string& bytes) {
  MessageReader reader(Direction::FromClient);
  const auto message = reader.Read(bytes, nullptr);
  REQUIRE(message);
  const Route route = RouteOf(*message, kServers);
  switch (route.to) {
    case Route::To::Here:
      return "here";
    case Route::To::Merge:
      return "merge";
    case Route::To::List:
      return "list";
    case Route::To::All:
      return "all";
    case Route::To::One:
      REQUIRE(reader.Read(route.bytes, nullptr));
      return route.server + " " + route.bytes;
    case Route::To::Refused:
      break;
  }
  return std::to_string(route.code);
}

std::string Request(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
}

TEST_CASE("calls go to the server in their name, under their own name") {
  CHECK(Routed(Request("tools/call",
                       R"({ "name" : "git__status","arguments":{"name":"git__x","v":1.0} })")) ==
        "git " + Request("tools/call",
                         R"({ "name" : "status","arguments":{"name":"git__x","v":1.0} })"));
  CHECK(Routed(Request("tools/call", R"({"name":"mail\u002d1__\u005f_\"x"})")) ==
        "mail-1 " + Request("tools/call", R"({"name":"__\"x"})"));
  CHECK(Routed(Request("prompts/get", R"({"name":"git__p"})")) ==
        "git " + Request("prompts/get", R"({"name":"p"})"));
  CHECK(Routed(Request("completion/complete",
                       R"({"ref":{"type":"ref/prompt","name":"git__p"},"argument":{}})")) ==
        "git " + Request("completion/complete",
                         R"({"ref":{"type":"ref/prompt","name":"p"},"argument":{}})"));
  for (const std::string params :
       {R"({"name":"status"})", R"({"name":"other__status"})", R"({"name":"GIT__status"})",
        R"({"name":"git_status"})", R"({"name":"__git__status"})"}) {
    CHECK(Routed(Request("tools/call", params)) == "-32602");
    CHECK(Routed(Request("prompts/get", params)) == "-32602");
  }
  CHECK(Routed(Request("prompts/get", "{}")) == "-32602");
  CHECK(Routed(Request("completion/complete",
                       R"({"ref":{"type":"ref/resource","uri":"u"},"argument":{}})")) == "-32601");
  for (const std::string method :
       {"resources/list", "resources/read", "resources/subscribe", "tasks/get", "x"}) {
    CHECK(Routed(Request(method, "{}")) == "-32601");
  }
  CHECK(Routed(Request("ping", "{}")) == "here");
  CHECK(Routed(Request("initialize", "{}")) == "merge");
  CHECK(Routed(Request("tools/list", "{}")) == "list");
  CHECK(Routed(R"({"jsonrpc":"2.0","method":"notifications/initialized"})") == "all");
}

// "git:- mail-1:c" or "! why".
std::string Pages(const std::string& params) {
  MessageReader reader(Direction::FromClient);
  const std::string bytes = Request("tools/list", params);
  const auto message = reader.Read(bytes, nullptr);
  REQUIRE(message);
  const auto pages = PagesOf(*message, kServers);
  if (!pages) return "! " + pages.error();
  std::string text;
  for (const ListPage& page : *pages) {
    text += (text.empty() ? "" : " ") + page.server + ":" + page.cursor.value_or("-");
  }
  return text;
}

TEST_CASE("lists are merged page by page") {
  CHECK(Pages("{}") == "git:- mail-1:-");
  const auto answer = [](const std::string& result) {
    return R"({"jsonrpc":"2.0","id":9,"result":)" + result + "}";
  };
  const std::string git = answer(
      R"({"tools":[{"x":1.0,"name":"a","inputSchema":{"name":"a"}}, 7, {"n\u0061me":"\u0062"}],)"
      R"("nextCursor":"c\"1","_meta":{},"ttlMs":500})");
  const std::string mail = answer(R"({"tools":[{"name":"send"}],"ttlMs":200})");
  MessageReader reader(Direction::FromServer);
  ListMerge merge("tools/list");
  merge.Add({.server = "git"}, *reader.Read(git, nullptr));
  merge.Add({.server = "mail-1"}, *reader.Read(mail, nullptr));
  CHECK(merge.has_any());
  const std::string cursor = EncodeBase64(R"({"git":"c\"1"})");
  const std::string tools = R"("tools":[{"x":1.0,"name":"git__a","inputSchema":{"name":"a"}},)"
                            R"({"n\u0061me":"git__b"},{"name":"mail-1__send"}]}})";
  CHECK(merge.Text("1", Era::Legacy) ==
        R"({"jsonrpc":"2.0","id":1,"result":{"nextCursor":")" + cursor + R"(",)" + tools);
  CHECK(merge.Text("1", Era::Modern) ==
        R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","ttlMs":200,)"
        R"("cacheScope":"private","nextCursor":")" +
            cursor + R"(",)" + tools);
  CHECK(Pages(R"({"cursor":")" + cursor + R"("})") == "git:c\"1");

  // The last page has no cursor; one that leads to itself is the last as well.
  ListMerge last("tools/list");
  const std::string same = answer(R"({"tools":[],"nextCursor":"c"})");
  last.Add({.server = "git", .cursor = "c"}, *reader.Read(same, nullptr));
  CHECK(last.Text("1", Era::Legacy) == R"({"jsonrpc":"2.0","id":1,"result":{"tools":[]}})");

  ListMerge broken("prompts/list");
  const std::string error = R"({"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"m"}})";
  broken.Add({.server = "git"}, *reader.Read(error, nullptr));
  broken.Add({.server = "git"}, *reader.Read(git, nullptr));
  CHECK(!broken.has_any());
}

TEST_CASE("what would make a list too long waits for the next page") {
  const std::string large = R"({"jsonrpc":"2.0","id":9,"result":{"tools":[{"name":"a","d":")" +
                            std::string(5 << 20, 'x') + R"("}]}})";
  MessageReader reader(Direction::FromServer);
  ListMerge merge("tools/list");
  merge.Add({.server = "git"}, *reader.Read(large, nullptr));
  merge.Add({.server = "mail-1", .cursor = "m"}, *reader.Read(large, nullptr));
  const std::string text = merge.Text("1", Era::Legacy);
  CHECK(text.size() < kMessageBytesMax);
  CHECK(text.find(EncodeBase64(R"({"mail-1":"m"})")) != std::string::npos);
}

TEST_CASE("cursors that were not given out are refused") {
  for (const std::string text :
       {"", "{}", "[]", "7", R"({"other":"c"})", R"({"git":7})", R"({"git":"a","git":"b"})",
        R"({"git":"a"}})", R"({"git":"a"},"x":{})", R"({"git":"a"},"id":1)"}) {
    CAPTURE(text);
    CHECK(Pages(R"({"cursor":")" + EncodeBase64(text) + R"("})") == "! no such cursor");
  }
  CHECK(Pages(R"({"cursor":"%"})") == "! no such cursor");
  CHECK(Pages(R"({"cursor":1})") == "! no such cursor");
  CHECK(Pages(R"({"cursor":")" + EncodeBase64(R"({"git":null})") + R"("})") == "git:-");
}

TEST_CASE("each server is asked for its own page") {
  MessageReader reader(Direction::FromClient);
  const auto asked = [&](const std::string& bytes, const ListPage& page) {
    const auto message = reader.Read(bytes, nullptr);
    REQUIRE(message);
    return ListRequest(*message, page);
  };
  const std::string plain = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  CHECK(asked(plain, {.server = "git"}) == plain);
  const std::string paged = Request("tools/list", R"({"cursor":"x","_meta":{}})");
  CHECK(asked(paged, {.server = "git", .cursor = "a\"b"}) ==
        Request("tools/list", R"({"cursor":"a\"b","_meta":{}})"));
  CHECK(asked(paged, {.server = "git"}) == Request("tools/list", R"({"_meta":{}})"));
}

TEST_CASE("what the servers are is said once") {
  MessageReader reader(Direction::FromServer);
  ServerMerge merge;
  const std::string git =
      R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":{"tools":{"listChanged":true},)"
      R"("resources":{}},"instructions":"be kind"}})";
  const std::string mail =
      R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":{"tools":{},"prompts":{},"logging":{}},)"
      R"("instructions":"be short"}})";
  merge.Add("git", *reader.Read(git, nullptr));
  merge.Add("mail-1", *reader.Read(mail, nullptr));
  const std::string rest =
      R"("capabilities":{"tools":{"listChanged":true},"prompts":{},"logging":{}},)"
      R"("instructions":"Tools that begin with git__:\u000abe kind\u000a\u000a)"
      R"(Tools that begin with mail-1__:\u000abe short"}})";
  CHECK(merge.Text("7", Era::Legacy, "2025-06-18", R"({"name":"p"})") ==
        R"({"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2025-06-18",)"
        R"("serverInfo":{"name":"p"},)" +
            rest);
  const std::string modern = merge.Text("7", Era::Modern, "", R"({"name":"p"})");
  CHECK(modern.ends_with(rest));
  CHECK(modern.find(R"("supportedVersions":["2026-07-28")") != std::string::npos);
  REQUIRE(reader.Read(modern, nullptr));
}

}  // namespace
}  // namespace policy::mcp
