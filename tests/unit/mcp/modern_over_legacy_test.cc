// Transcripts of the bridge: modern clients, and a legacy server that the test plays.
#include "runtime/mcp/modern_over_legacy.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

const std::string kVersion = R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")";
const std::string kInfo = R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}})";

std::string Meta(const std::string& capabilities = "{}", const std::string& more = "") {
  return R"("_meta":{)" + kVersion + R"(,"io.modelcontextprotocol/clientCapabilities":)" +
         capabilities + more + "}";
}

std::string Request(const std::string& id, const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{)" + params +
         "}}";
}

const std::string kElicits = R"({"elicitation":{}})";

struct Bridge {
  Bridge()
      : bridge({.seal = {.seal = [](std::string_view text) { return "<" + std::string(text); },
                         .unseal = [](std::string_view text) -> std::optional<std::string> {
                           if (!text.starts_with('<')) return std::nullopt;
                           return std::string(text.substr(1));
                         }}}) {}

  // "7! bytes" is an answer to asker 7, "7: bytes" something else for it, "> bytes" goes to the
  // server.
  std::vector<std::string> Lines(const BridgedMessages& messages) {
    std::vector<std::string> lines;
    for (const Bridged& message : messages) {
      const bool to_client = message.to == Bridged::To::Client;
      // Whatever goes out can be read by its receiver.
      MessageReader reader(to_client ? Direction::FromServer : Direction::FromClient);
      CAPTURE(message.bytes);
      CHECK(reader.Read(message.bytes, nullptr));
      lines.push_back(
          (to_client ? std::to_string(message.asker) + (message.is_answer ? "! " : ": ") : "> ") +
          message.bytes);
    }
    return lines;
  }
  std::vector<std::string> Client(AskerId asker, const std::string& bytes) {
    const auto message = client_reader.Read(bytes, nullptr);
    REQUIRE(message);
    return Lines(bridge.FromClient(asker, *message));
  }
  std::vector<std::string> Server(const std::string& bytes, AskerId related = 0) {
    const auto message = server_reader.Read(bytes, nullptr);
    REQUIRE(message);
    return Lines(bridge.FromServer(*message, related));
  }
  // The handshake, with these capabilities of the server.
  void Ready(const std::string& capabilities = R"({"tools":{"listChanged":true}})") {
    Lines(bridge.Start());
    const auto lines = Server(
        R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":)" +
        capabilities + R"(,"serverInfo":{"name":"s"},"instructions":"be\u0020kind"}})");
    REQUIRE(lines == std::vector<std::string>{
                         R"(> {"jsonrpc":"2.0","method":"notifications/initialized"})"});
  }

  ModernOverLegacy bridge;
  MessageReader client_reader{Direction::FromClient};
  MessageReader server_reader{Direction::FromServer};
};

using Lines = std::vector<std::string>;

TEST_CASE("the server is initialized before anything is asked of it") {
  Bridge bridge;
  const auto start = bridge.Lines(bridge.bridge.Start());
  REQUIRE(start.size() == 1);
  CHECK(start[0].starts_with(R"(> {"jsonrpc":"2.0","id":1,"method":"initialize","params":)"
                             R"({"protocolVersion":"2025-11-25","capabilities":{"roots":{})"));
  CHECK(bridge.Client(5, Request("1", "tools/list", Meta())).empty());
  CHECK(bridge.Client(6, Request("1", "server/discover", Meta())).empty());
  CHECK(bridge.Client(7, Request("1", "tools/list", Meta())).empty());
  bridge.bridge.Leave(7);
  const auto ready = bridge.Server(
      R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":)"
      R"({"tasks":{},"tools":{}},"serverInfo":{"name":"s"},"instructions":"be\u0020kind"}})");
  CHECK(ready == Lines{R"(> {"jsonrpc":"2.0","method":"notifications/initialized"})",
                       R"(> {"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"_meta":{}}})",
                       R"(6! {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete",)"
                       R"("supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},)"
                       R"("instructions":"be\u0020kind",)"
                       R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}},)"
                       R"("ttlMs":0,"cacheScope":"private"}})"});
  CHECK(bridge.bridge.version() == "2025-06-18");
}

TEST_CASE("a server that cannot be initialized is told to those who wait") {
  for (const std::string result : {R"("error":{"code":-32602,"message":"no"})",
                                   R"("result":{"protocolVersion":"2026-07-28","capabilities":{}})",
                                   R"("result":{"capabilities":{}})"}) {
    Bridge bridge;
    bridge.bridge.Start();
    bridge.Client(5, Request("\"a\"", "tools/list", Meta()));
    const auto lines = bridge.Server(R"({"jsonrpc":"2.0","id":1,)" + result + "}");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with(R"(5! {"jsonrpc":"2.0","id":"a","error":{"code":-31001,)"));
    CHECK(bridge.Client(6, Request("1", "server/discover", Meta())).size() == 1);
  }
}

TEST_CASE("requests lose what is of the modern era, answers get it, and the rest stays") {
  Bridge bridge;
  bridge.Ready();
  const std::string call = Request(R"("x")", "tools/call",
                                   R"("name":"n","arguments":{"v":9007199254740993,"_meta":1}, )" +
                                       Meta("{}", R"(, "k":1.0,"progressToken":"t")"));
  CHECK(bridge.Client(7, call) ==
        Lines{R"(> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"n",)"
              R"("arguments":{"v":9007199254740993,"_meta":1}, "_meta":{"k":1.0,)"
              R"("progressToken":2}}})"});
  CHECK(bridge.Client(8, call).size() == 1);  // the same id, another asker
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","method":"notifications/progress","params":)"
                      R"({"progressToken":2,"progress":0.10}})") ==
        Lines{R"(7: {"jsonrpc":"2.0","method":"notifications/progress","params":)"
              R"({"progressToken":"t","progress":0.10}})"});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{"content":[], "v":1.0}})") ==
        Lines{R"(7! {"jsonrpc":"2.0","id":"x","result":{"resultType":"complete",)" + kInfo +
              R"(,"content":[], "v":1.0}})"});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{}})").empty());
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":3,"result":{"_meta":{"a":1}}})") ==
        Lines{R"(8! {"jsonrpc":"2.0","id":"x","result":{"resultType":"complete","_meta":)"
              R"({"io.modelcontextprotocol/serverInfo":{"name":"s"},"a":1}}})"});
  bridge.Client(9, Request("1", "tools/list", Meta()));
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":4,"result":{"tools":[],"ttlMs":5}})") ==
        Lines{R"(9! {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete",)"
              R"("cacheScope":"private",)" +
              kInfo + R"(,"tools":[],"ttlMs":5}})"});
  bridge.Client(9, Request("1", "resources/read", R"("uri":"u",)" + Meta()));
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":5,"error":{"code":-32002,"message":"m"}})") ==
        Lines{R"(9! {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m"}})"});
  bridge.Client(9, call);
  CHECK(
      bridge.Server(R"({"jsonrpc":"2.0","id":6,"result":{"resultType":"input_required"}})")[0].find(
          "-31002") != std::string::npos);
  CHECK(bridge.bridge.open_calls() == 0);
}

TEST_CASE("methods that the other era has not are said to be unknown") {
  Bridge bridge;
  bridge.Ready();
  for (const std::string method : {"initialize", "ping", "logging/setLevel", "resources/subscribe",
                                   "resources/unsubscribe", "tasks/get", "tasks/list"}) {
    const auto lines = bridge.Client(7, Request("1", method, Meta()));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with(R"(7! {"jsonrpc":"2.0","id":1,"error":{"code":-32601,)"));
  }
}

std::string Elicit(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"method":"elicitation/create","params":{"message":"who?","n":1.0}})";
}

TEST_CASE("a question of the server's is answered by the retry") {
  Bridge bridge;
  bridge.Ready();
  const std::string arguments = R"("name":"n","arguments":{"a":1},)";
  bridge.Client(7, Request("1", "tools/call", arguments + Meta(kElicits)));
  CHECK(bridge.Server(Elicit(R"("e")")) ==
        Lines{R"(7! {"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required",)"
              R"("inputRequests":{"q1":{"method":"elicitation/create","params":)"
              R"({"message":"who?","n":1.0}}},"requestState":"<2.1"}})"});
  // Another question while nobody waits is asked later.
  CHECK(bridge.Server(Elicit("8")).empty());
  const auto retry = [&](const std::string& more) {
    return Request("2", "tools/call", arguments + more + Meta(kElicits));
  };
  const std::string answered =
      R"("inputResponses":{"q1":{"action":"accept","content":{"n":1.0}}},"requestState":)";
  for (const std::string state :
       {R"("<2.2")", R"("<3.1")", R"("2.1")", R"("<")", R"("<2")", "7", R"("<02.1")"}) {
    const auto lines = bridge.Client(8, retry(answered + state + ","));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("-32602") != std::string::npos);
  }
  const auto other = bridge.Client(
      8, Request("2", "tools/call",
                 R"("name":"n","arguments":{"a":2},)" + answered + R"("<2.1",)" + Meta(kElicits)));
  REQUIRE(other.size() == 1);
  CHECK(other[0].find("asked for something else") != std::string::npos);

  CHECK(bridge.Client(9, retry(answered + R"("<2.1",)")) ==
        Lines{R"(> {"jsonrpc":"2.0","id":"e","result":{"action":"accept","content":{"n":1.0}}})",
              R"(9! {"jsonrpc":"2.0","id":2,"result":{"resultType":"input_required",)"
              R"("inputRequests":{"q2":{"method":"elicitation/create","params":)"
              R"({"message":"who?","n":1.0}}},"requestState":"<2.2"}})"});
  // State is of use once.
  CHECK(bridge.Client(10, retry(answered + R"("<2.1",)"))[0].find("-32602") != std::string::npos);
  // What is not answered is asked again.
  CHECK(bridge.Client(10, retry(R"("requestState":"<2.2",)"))[0].find(R"("<2.3")") !=
        std::string::npos);
  CHECK(bridge.Client(11, retry(R"("inputResponses":{"q2":{"action":"decline"}},)"
                                R"("requestState":"<2.3",)")) ==
        Lines{R"(> {"jsonrpc":"2.0","id":8,"result":{"action":"decline"}})"});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{"content":[]}})") ==
        Lines{R"(11! {"jsonrpc":"2.0","id":2,"result":{"resultType":"complete",)" + kInfo +
              R"(,"content":[]}})"});
  CHECK(bridge.Client(12, retry(R"("inputResponses":{},)"))[0].find("-32602") != std::string::npos);
}

TEST_CASE("an answer that comes while nobody waits is there for the retry") {
  Bridge bridge;
  bridge.Ready();
  bridge.Client(7, Request("1", "tools/call", R"("name":"n",)" + Meta(kElicits)));
  bridge.Server(Elicit("5"));
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{"content":[]}})").empty());
  CHECK(bridge.Client(8, Request("2", "tools/call",
                                 R"("name":"n","requestState":"<2.1",)" + Meta(kElicits))) ==
        Lines{R"(8! {"jsonrpc":"2.0","id":2,"result":{"resultType":"complete",)" + kInfo +
              R"(,"content":[]}})"});
}

TEST_CASE("who may be asked what") {
  struct Row {
    const char* capabilities;
    const char* method;
    const char* params;
    bool is_asked;
  };
  const Row rows[] = {
      {"{}", "elicitation/create", R"({"message":"m"})", false},
      {R"({"elicitation":{}})", "elicitation/create", R"({"mode":"form"})", true},
      {R"({"elicitation":{}})", "elicitation/create", R"({"mode":"url"})", false},
      {R"({"elicitation":{"url":{}}})", "elicitation/create", R"({"mode":"url"})", true},
      {R"({"elicitation":{"url":{}}})", "elicitation/create", R"({"message":"m"})", false},
      {R"({"sampling":{}})", "sampling/createMessage", R"({"messages":[]})", true},
      {R"({"sampling":{}})", "sampling/createMessage", R"({"tools":[]})", false},
      {R"({"sampling":{"tools":{}}})", "sampling/createMessage", R"({"tools":[]})", true},
      {R"({"sampling":{}})", "roots/list", "{}", false},
      {R"({"roots":{}})", "roots/list", "{}", true},
      {R"({"roots":{}})", "tools/call", "{}", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.capabilities, row.method, row.params);
    Bridge bridge;
    bridge.Ready();
    bridge.Client(7, Request("1", "tools/call", R"("name":"n",)" + Meta(row.capabilities)));
    const auto lines = bridge.Server(R"({"jsonrpc":"2.0","id":4,"method":")" +
                                     std::string(row.method) + R"(","params":)" + row.params + "}");
    const std::string method = row.method;
    const bool is_question = method != "tools/call";
    REQUIRE(lines.size() == (row.is_asked || !is_question ? 1 : 3));
    CHECK(lines[0].starts_with(row.is_asked ? "7! " : R"(> {"jsonrpc":"2.0","id":4,"error")"));
    if (row.is_asked || !is_question) continue;
    CHECK(lines[1].starts_with(R"(7! {"jsonrpc":"2.0","id":1,"error":{"code":-32021,)"));
    CHECK(lines[1].find(R"("data":{"requiredCapabilities":{")" +
                        method.substr(0, method.find('/'))) != std::string::npos);
    CHECK(lines[2].find("notifications/cancelled") != std::string::npos);
    CHECK(bridge.bridge.open_calls() == 0);
  }
}

TEST_CASE("a client that does not come back is not in the way of others") {
  Bridge bridge;
  bridge.Ready();
  for (AskerId asker = 7; asker < 10; ++asker) {
    bridge.Client(asker, Request("1", "tools/call", R"("name":"n",)" + Meta(kElicits)));
    CHECK(
        bridge.Server(Elicit(std::to_string(asker)))[0].starts_with(std::to_string(asker) + "! "));
  }
  CHECK(bridge.bridge.open_calls() == 3);
  // Nobody waits, and three might ask.
  CHECK(bridge.Server(Elicit("4"))[0].starts_with(R"(> {"jsonrpc":"2.0","id":4,"error")"));
}

TEST_CASE("a question is asked of the call that it belongs to, or of none") {
  Bridge bridge;
  bridge.Ready();
  const std::string refused = R"(> {"jsonrpc":"2.0","id":4,"error")";
  CHECK(bridge.Server(Elicit("4"))[0].starts_with(refused));
  bridge.Client(6, Request("1", "tools/list", Meta(kElicits)));
  CHECK(bridge.Server(Elicit("4"))[0].starts_with(refused));
  bridge.Client(7, Request("1", "tools/call", R"("name":"n",)" + Meta(kElicits)));
  bridge.Client(8, Request("1", "tools/call", R"("name":"n",)" + Meta(kElicits)));
  CHECK(bridge.Server(Elicit("4"))[0].starts_with(refused));
  CHECK(bridge.Server(Elicit("4"), 9)[0].starts_with(refused));
  CHECK(bridge.Server(Elicit("4"), 8)[0].starts_with("8! "));
  // The stream stays that of the first request, whoever has come back for it.
  bridge.Client(9, Request("1", "tools/call",
                           R"("name":"n","inputResponses":{"q1":{"action":"accept"}},)"
                           R"("requestState":"<4.1",)" +
                               Meta(kElicits)));
  CHECK(bridge.Server(Elicit("5"), 8)[0].starts_with("9! "));
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":"p","method":"ping"})") ==
        Lines{R"(> {"jsonrpc":"2.0","id":"p","result":{}})"});
}

TEST_CASE("calls that nobody waits for are given up") {
  Bridge bridge;
  bridge.Ready();
  bridge.Client(7, Request("1", "tools/call", R"("name":"n",)" + Meta()));
  CHECK(
      bridge.Lines(bridge.bridge.Leave(7)) ==
      Lines{R"(> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}})"});
  CHECK(bridge.bridge.Leave(7).empty());

  bridge.bridge.Tick(1000);
  bridge.Client(8, Request("1", "tools/call", R"("name":"n",)" + Meta(kElicits)));
  bridge.Server(Elicit("5"));
  CHECK(bridge.bridge.Leave(8).empty());  // it was answered
  CHECK(bridge.bridge.Tick(1000 + kBridgedQuestionMsMax).empty());
  CHECK(
      bridge.Lines(bridge.bridge.Tick(1001 + kBridgedQuestionMsMax)) ==
      Lines{R"(> {"jsonrpc":"2.0","id":5,"result":{"action":"cancel"}})",
            R"(> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}})"});
  CHECK(bridge.bridge.open_calls() == 0);

  for (std::size_t i = 0; i <= kBridgedQuestionsMax; ++i) {
    bridge.Client(100 + i, Request("1", "tools/call", R"("name":"n",)" + Meta(kElicits)));
    const auto lines = bridge.Server(Elicit(std::to_string(i)), 100 + i);
    CHECK(lines.size() == (i < kBridgedQuestionsMax ? 1 : 3));
  }
  CHECK(bridge.bridge.open_calls() == kBridgedQuestionsMax);
}

TEST_CASE("listeners hear what they asked for, under their own id") {
  Bridge bridge;
  bridge.Ready(R"({"tools":{"listChanged":true},"prompts":{},"resources":{"subscribe":true}})");
  CHECK(
      bridge.Client(7,
                    Request(R"("l")", "subscriptions/listen",
                            R"("notifications":{"toolsListChanged":true,)"
                            R"("promptsListChanged":true,"resourceSubscriptions":["f:\u0061"]},)" +
                                Meta())) ==
      Lines{R"(7: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
            R"({"_meta":{"io.modelcontextprotocol/subscriptionId":"l"},"notifications":)"
            R"({"toolsListChanged":true,"resourceSubscriptions":["f:\u0061"]}}})",
            R"(> {"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"f:a"}})"});
  CHECK(bridge
            .Client(8, Request("1", "subscriptions/listen",
                               R"("notifications":{"resourceSubscriptions":["f:a"]},)" + Meta()))
            .size() == 1);
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{}})").empty());
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})") ==
        Lines{R"(7: {"params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}},)"
              R"("jsonrpc":"2.0","method":"notifications/tools/list_changed"})"});
  CHECK(
      bridge.Server(R"({"jsonrpc":"2.0","method":"notifications/prompts/list_changed"})").empty());
  CHECK(bridge
            .Server(R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":)"
                    R"({"uri":"f:a","_meta":{}}})")
            .size() == 2);
  CHECK(bridge
            .Server(R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":)"
                    R"({"uri":"f:b"}})")
            .empty());
  CHECK(bridge
            .Server(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":)"
                    R"({"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}}})")
            .empty());
  CHECK(bridge.bridge.Leave(8).empty());
  CHECK(
      bridge.Lines(bridge.bridge.Leave(7)) ==
      Lines{
          R"(> {"jsonrpc":"2.0","id":3,"method":"resources/unsubscribe","params":{"uri":"f:a"}})"});
}

TEST_CASE("log messages come to the call that asked for them") {
  Bridge bridge;
  bridge.Ready(R"({"logging":{}})");
  const auto call = [&](const std::string& level) {
    return Request(
        "1", "tools/call",
        R"("name":"n",)" + Meta("{}", R"(,"io.modelcontextprotocol/logLevel":)" + level));
  };
  const auto log = [](const std::string& level) {
    return R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":")" + level +
           R"(","data":1.0}})";
  };
  CHECK(bridge.Client(7, call(R"("loud")"))[0].find("-32602") != std::string::npos);
  CHECK(
      bridge.Client(7, call(R"("warning")")) ==
      Lines{
          R"(> {"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"warning"}})",
          R"(> {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"n","_meta":{}}})"});
  CHECK(bridge.Server(log("error")) == Lines{"7: " + log("error")});
  CHECK(bridge.Server(log("info")).empty());
  CHECK(bridge.Client(8, call(R"("error")")).size() == 1);
  CHECK(bridge.Server(log("error")).empty());  // whose is it?
  CHECK(bridge.Server(log("error"), 8) == Lines{"8: " + log("error")});
}

}  // namespace
}  // namespace policy::mcp
