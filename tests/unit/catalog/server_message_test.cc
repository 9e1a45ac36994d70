#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "compiler/catalog/event_stream.h"
#include "compiler/catalog/lock_changes.h"
#include "compiler/catalog/response_match.h"

namespace policy::catalog {
namespace {

TEST_CASE("events come out whole, however their bytes come in") {
  const std::string text =
      ": keepalive\r\n\r\nid: 1\ndata: {\"a\":\ndata: 1}\n\nevent: message\rdata:x\r\r"
      "retry: 5\ndata:\n\ndata: cut";
  const std::vector<std::string> expected = {"{\"a\":\n1}", "x", ""};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EventStream stream;
    std::vector<std::string> events;
    for (std::size_t at = 0; at < text.size(); at += size) {
      stream.Append(std::string_view(text).substr(at, size));
      while (auto data = stream.Next()) events.push_back(*data);
    }
    INFO("in pieces of " << size);
    CHECK(events == expected);
  }
}

TEST_CASE("one message answers the question; what the server asks is refused, but for ping") {
  struct {
    const char* message;
    MessageRole role;
    const char* answer;
  } const kCases[] = {
      {R"({"jsonrpc":"2.0","id":7,"result":{}})", MessageRole::Response, ""},
      {R"({"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}})", MessageRole::Response, ""},
      {R"({"jsonrpc":"2.0","id":"7","result":{}})", MessageRole::Other, ""},
      {R"({"jsonrpc":"2.0","id":8,"result":{}})", MessageRole::Other, ""},
      {R"({"jsonrpc":"2.0","method":"notifications/message"})", MessageRole::Other, ""},
      {R"({"jsonrpc":"2.0","id":7,"method":"ping"})", MessageRole::Request,
       R"({"jsonrpc":"2.0","id":7,"result":{}})"},
      {R"({"jsonrpc":"2.0","id":"a\u0022b","method":"roots/list"})", MessageRole::Request,
       R"({"jsonrpc":"2.0","id":"a\"b","error":{"code":-32601,"message":"Method not found"}})"},
      {"Server started", MessageRole::Other, ""},
      {"[]", MessageRole::Other, ""},
  };
  for (const auto& [message, role, answer] : kCases) {
    INFO(message);
    const MatchedMessage matched = MatchMessage(message, "7");
    CHECK(matched.role == role);
    CHECK(matched.answer == answer);
  }
}

LockedTool Tool(std::string name, std::string description) {
  LockedTool tool{.name = std::move(name), .description = std::move(description)};
  tool.input_schema.kind = json::Kind::Record;
  return tool;
}

TEST_CASE("taking over keeps what reviewers wrote, and other servers") {
  LockedTool pay = Tool("pay", "Pays");
  pay.risk = "high";
  ToolLock lock;
  lock.servers = {{.name = "bank", .tools = {Tool("old", ""), pay}},
                  {.name = "mail", .tools = {Tool("send", "")}}};
  LockedServer now{.name = "bank", .tools = {Tool("new", ""), Tool("pay", "Pays all")}};
  const auto changes = ChangesOf(lock.Find("bank"), now);
  REQUIRE(changes.size() == 3);
  CHECK((changes[0].tool == "new" && changes[0].kind == ToolChange::Kind::New));
  CHECK((changes[1].tool == "old" && changes[1].kind == ToolChange::Kind::Gone));
  CHECK((changes[2].tool == "pay" && changes[2].parts == std::vector<std::string>{"description"}));
  TakeOver(lock, now);
  REQUIRE(lock.servers.size() == 2);
  CHECK(lock.servers[0].tools[1].risk == "high");
  CHECK(ChangesOf(lock.Find("bank"), now).empty());
  CHECK(lock.servers[1].tools.size() == 1);
  TakeOver(lock, {.name = "cards", .tools = {Tool("x", "")}});
  CHECK(lock.servers[1].name == "cards");
}

}  // namespace
}  // namespace policy::catalog
