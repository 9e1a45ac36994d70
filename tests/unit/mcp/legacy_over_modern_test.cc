// Transcripts of the bridge: a legacy client, and a modern server that the test plays.
#include "runtime/mcp/legacy_over_modern.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/mcp/modern_over_legacy.h"

namespace policy::mcp {
namespace {

using Lines = std::vector<std::string>;

const std::string kMeta =
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"c"},)"
    R"("io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"roots":{}})";

std::string Request(const std::string& id, const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":)" + params +
         "}";
}

struct Bridge {
  // As in the test of the other bridge.
  Lines Render(const BridgedMessages& messages) {
    Lines lines;
    for (const Bridged& message : messages) {
      const bool to_client = message.to == Bridged::To::Client;
      MessageReader reader(to_client ? Direction::FromServer : Direction::FromClient);
      CAPTURE(message.bytes);
      CHECK(reader.Read(message.bytes, nullptr));
      lines.push_back((to_client ? std::to_string(message.asker) + (message.is_answer ? "! " : ": ")
                                 : (message.is_retry ? ">> " : "> ")) +
                      message.bytes);
    }
    return lines;
  }
  Lines Client(AskerId asker, const std::string& bytes) {
    const auto message = client_reader.Read(bytes, nullptr);
    REQUIRE(message);
    return Render(bridge.FromClient(asker, *message));
  }
  Lines Server(const std::string& bytes, AskerId related = 0) {
    const auto message = server_reader.Read(bytes, nullptr);
    REQUIRE(message);
    return Render(bridge.FromServer(*message, related));
  }
  void Ready(const std::string& capabilities = "{}") {
    Client(1, Request(R"("i")", "initialize",
                      R"({"protocolVersion":"2025-06-18","clientInfo":{"name":"c"},)"
                      R"("capabilities":{"elicitation":{},"roots":{}}})"));
    Server(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],)"
           R"("capabilities":)" +
           capabilities + "}}");
    REQUIRE(bridge.is_ready());
  }

  LegacyOverModern bridge;
  MessageReader client_reader{Direction::FromClient};
  MessageReader server_reader{Direction::FromServer};
};

TEST_CASE("initialize is answered from server/discover") {
  Bridge bridge;
  CHECK(bridge.Client(5, Request("1", "tools/list", "{}"))[0].find("-32600") != std::string::npos);
  CHECK(bridge.Client(7, Request(R"("i")", "initialize",
                                 R"({"protocolVersion":"2025-06-18","clientInfo":{"name":"c"},)"
                                 R"("capabilities":{"elicitation":{},"roots":{}}})")) ==
        Lines{"> " + Request("1", "server/discover", R"({"_meta":{)" + kMeta + "}}")});
  CHECK(bridge.Server(
            R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":)"
            R"(["2099-01-01","2026-07-28"],"capabilities":{"tools":{"n":1.0}},"instructions":"i",)"
            R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}}}})") ==
        Lines{R"(7! {"jsonrpc":"2.0","id":"i","result":{"protocolVersion":"2025-06-18",)"
              R"("capabilities":{"tools":{"n":1.0}},"serverInfo":{"name":"s"},)"
              R"("instructions":"i"}})"});
  CHECK(bridge.Client(8, Request("2", "initialize", "{}"))[0].find("-32600") != std::string::npos);
}

TEST_CASE("a version that the client asks for in vain becomes the last of its era") {
  for (const std::string version : {"2099-01-01", "2026-07-28", "1"}) {
    Bridge bridge;
    bridge.Client(7, Request("1", "initialize", R"({"protocolVersion":")" + version + R"("})"));
    CHECK(
        bridge
            .Server(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"]}})")[0]
            .find(R"("protocolVersion":"2025-11-25")") != std::string::npos);
  }
  Bridge bridge;
  bridge.Client(7, Request("1", "initialize", "{}"));
  CHECK(
      bridge.Server(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2099-01-01"]}})")[0]
          .starts_with(R"(7! {"jsonrpc":"2.0","id":1,"error")"));
  CHECK(!bridge.bridge.is_ready());
}

TEST_CASE("requests say what the session knows, and keep every other byte") {
  Bridge bridge;
  bridge.Ready();
  CHECK(bridge.Client(7, Request("1", "tools/call", R"({"name":"n","arguments":{"v":1.0} })")) ==
        Lines{"> " + Request("2", "tools/call",
                             R"({"_meta":{)" + kMeta + R"(},"name":"n","arguments":{"v":1.0} })")});
  CHECK(bridge.Client(
            8, Request("1", "tools/call", R"({"name":"n","_meta":{"progressToken":"t"}})")) ==
        Lines{"> " + Request("3", "tools/call",
                             R"({"name":"n","_meta":{)" + kMeta + R"(,"progressToken":"t"}})")});
  CHECK(bridge.Client(9, R"({"jsonrpc":"2.0","id":5,"method":"tools/list"})") ==
        Lines{R"(> {"params":{"_meta":{)" + kMeta +
              R"(}},"jsonrpc":"2.0","id":4,"method":"tools/list"})"});
  const std::string progress =
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t"}})";
  CHECK(bridge.Server(progress) == Lines{"8: " + progress});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","v":1.0}})") ==
        Lines{R"(7! {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","v":1.0}})"});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{}})").empty());
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"m"}})") ==
        Lines{R"(8! {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m"}})"});
  CHECK(bridge.Server(progress).empty());
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":4,"result":{"resultType":"task"}})")[0].find(
            "-32603") != std::string::npos);
}

TEST_CASE("what the other era has not is refused, or answered here") {
  Bridge bridge;
  bridge.Ready();
  for (const std::string method :
       {"tasks/get", "tasks/list", "server/discover", "subscriptions/listen"}) {
    CHECK(bridge.Client(7, Request("1", method, "{}"))[0].find("-32601") != std::string::npos);
  }
  for (const std::string params :
       {R"({"name":"n","task":{}})", R"({"name":"n","requestState":"s"})",
        R"({"name":"n","inputResponses":{}})",
        R"({"name":"n","_meta":{"io.modelcontextprotocol/clientInfo":{}}})",
        R"({"name":"n","_meta":{"io.modelcontextprotocol/protocolVersion":"x"}})"}) {
    CHECK(bridge.Client(7, Request("1", "tools/call", params))[0].find("-32602") !=
          std::string::npos);
  }
  CHECK(bridge.Client(7, Request("1", "ping", "{}")) ==
        Lines{R"(7! {"jsonrpc":"2.0","id":1,"result":{}})"});
  CHECK(bridge.Client(7, Request("1", "logging/setLevel", R"({"level":"loud"})"))[0].find(
            "-32602") != std::string::npos);
  CHECK(bridge.Client(7, Request("1", "logging/setLevel", R"({"level":"error"})")) ==
        Lines{R"(7! {"jsonrpc":"2.0","id":1,"result":{}})"});
  CHECK(bridge.Client(7, Request("1", "tools/list", "{}"))[0].find(
            R"("io.modelcontextprotocol/logLevel":"error")") != std::string::npos);
  CHECK(bridge.Server(Request("1", "roots/list", "{}")).empty());
}

TEST_CASE("input that the server needs is asked of the client, and goes with the retry") {
  Bridge bridge;
  bridge.Ready();
  bridge.Client(7, Request(R"("x")", "tools/call", R"({"name":"n","arguments":{"v":1.0}})"));
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"input_required",)"
                      R"("inputRequests":{"a":{"method":"elicitation/create","params":{"n":1.0}},)"
                      R"("b":{"method":"roots/list"}},"requestState":"s\u0074"}})") ==
        Lines{"7: " + Request("1", "elicitation/create", R"({"n":1.0})"),
              R"(7: {"jsonrpc":"2.0","id":2,"method":"roots/list"})"});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":2,"result":{}})").empty());
  CHECK(bridge.Client(0, R"({"jsonrpc":"2.0","id":2,"result":{"roots":[]}})").empty());
  CHECK(bridge.Client(0, R"({"jsonrpc":"2.0","id":2,"result":{"roots":[]}})").empty());
  CHECK(bridge.Client(0, R"({"jsonrpc":"2.0","id":1,"result":{"action":"accept","n":1.0}})") ==
        Lines{">> " + Request("3", "tools/call",
                              R"({"inputResponses":{"a":{"action":"accept","n":1.0},)"
                              R"("b":{"roots":[]}},"requestState":"s\u0074","_meta":{)" +
                                  kMeta + R"(},"name":"n","arguments":{"v":1.0}})")});
  // State alone: at once.
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":3,"result":{"resultType":"input_required",)"
                      R"("requestState":"2"}})") ==
        Lines{">> " + Request("4", "tools/call",
                              R"({"requestState":"2","_meta":{)" + kMeta +
                                  R"(},"name":"n","arguments":{"v":1.0}})")});
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","id":4,"result":{"content":[]}})") ==
        Lines{R"(7! {"jsonrpc":"2.0","id":"x","result":{"content":[]}})"});
  CHECK(bridge.bridge.open_calls() == 0);
}

TEST_CASE("input that cannot be asked for ends the request with an error") {
  for (const std::string asked :
       {R"("inputRequests":{"a":{"method":"sampling/createMessage","params":{}}})",
        R"("inputRequests":{"a":{"method":"elicitation/create","params":{"mode":"url"}}})",
        R"("inputRequests":{"a":{"method":"tools/call","params":{}}})",
        R"("inputRequests":{"a":1})", R"("inputRequests":1)", R"("inputRequests":{})",
        R"("x":1)"}) {
    CAPTURE(asked);
    Bridge bridge;
    bridge.Ready();
    bridge.Client(7, Request("9", "tools/call", R"({"name":"n"})"));
    const auto lines = bridge.Server(
        R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"input_required",)" + asked + "}}");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with(R"(7! {"jsonrpc":"2.0","id":9,"error":{"code":-32603)"));
  }
  Bridge bridge;
  bridge.Ready();
  bridge.Client(7, Request("9", "tools/list", "{}"));  // a method that may not ask
  CHECK(bridge
            .Server(R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"input_required",)"
                    R"("requestState":"s"}})")[0]
            .find("-32603") != std::string::npos);
  bridge.Client(8, Request("9", "tools/call", R"({"name":"n"})"));
  bridge.Server(R"({"jsonrpc":"2.0","id":3,"result":{"resultType":"input_required",)"
                R"("inputRequests":{"a":{"method":"roots/list"}}}})");
  CHECK(bridge.Client(0, R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})")[0]
            .starts_with(R"(8! {"jsonrpc":"2.0","id":9,"error":{"code":-32603)"));
  // A server that never has enough.
  bridge.Client(9, Request("9", "prompts/get", R"({"name":"n"})"));
  std::string last;
  for (int id = 4; bridge.bridge.open_calls() != 0; ++id) {
    REQUIRE(id < 100);
    last = bridge.Server(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                         R"(,"result":{"resultType":"input_required","requestState":"s"}})")[0];
  }
  CHECK(last.starts_with("9! "));
  bridge.Client(9, R"({"jsonrpc":"2.0","id":1,"method":"prompts/get"})");
}

TEST_CASE("subscriptions of a session are one at the server") {
  Bridge bridge;
  bridge.Ready(R"({"tools":{"listChanged":true},"resources":{"subscribe":true}})");
  const auto listen = [](const std::string& id, const std::string& filter) {
    return "> " + Request(id, "subscriptions/listen",
                          R"({"_meta":{)" + kMeta + R"(},"notifications":)" + filter + "}");
  };
  const std::string initialized = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  CHECK(bridge.Client(0, initialized) == Lines{listen("2", R"({"toolsListChanged":true})")});
  CHECK(bridge.Client(0, initialized).empty());
  const auto changed = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":)"
           R"({"io.modelcontextprotocol/subscriptionId":)" +
           id + "}}}";
  };
  CHECK(bridge.Server(changed("2")) == Lines{"0: " + changed("2")});
  CHECK(bridge.Server(changed("3")).empty());
  CHECK(bridge.Server(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"})")
            .empty());
  CHECK(bridge.Client(7, Request("1", "resources/subscribe", R"({"uri":"f:a"})")) ==
        Lines{R"(> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}})",
              listen("3", R"({"toolsListChanged":true,"resourceSubscriptions":["f:a"]})"),
              R"(7! {"jsonrpc":"2.0","id":1,"result":{}})"});
  CHECK(bridge.Client(7, Request("1", "resources/subscribe", R"({"uri":"f:a"})")).size() == 1);
  CHECK(bridge.Client(7, Request("1", "resources/unsubscribe", R"({"uri":"f:a"})")).size() == 3);
  bridge.Server(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}})");
  CHECK(bridge.Server(changed("4")).empty());
}

TEST_CASE("a cancelled request is cancelled at the server, under its id there") {
  Bridge bridge;
  bridge.Ready();
  bridge.Client(7, Request(R"("x")", "tools/call", R"({"name":"n"})"));
  const auto cancel = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id +
           "}}";
  };
  CHECK(bridge.Client(0, cancel("2")).empty());
  CHECK(bridge.Client(0, cancel(R"("\u0078")")) == Lines{"> " + cancel("2")});
  CHECK(bridge.Client(0, cancel(R"("x")")).empty());
  bridge.Client(8, Request("1", "tools/call", R"({"name":"n"})"));
  bridge.Server(R"({"jsonrpc":"2.0","id":3,"result":{"resultType":"input_required",)"
                R"("inputRequests":{"a":{"method":"roots/list"}}}})");
  CHECK(bridge.bridge.Leave(8).empty());
  CHECK(bridge.Client(0, R"({"jsonrpc":"2.0","id":1,"result":{"roots":[]}})").empty());
}

// -- both bridges, one behind the other ----------------------------------------------------------

// Everything goes on until it comes out at one of the ends.
struct Chain {
  void FromFront(const BridgedMessages& messages) {
    for (const Bridged& message : messages) {
      if (message.to == Bridged::To::Client) {
        to_client.push_back(message.bytes);
        continue;
      }
      MessageReader reader(Direction::FromClient);
      const auto read = reader.Read(message.bytes, nullptr);
      REQUIRE(read);
      FromBack(back.FromClient(++askers, *read));
    }
  }
  void FromBack(const BridgedMessages& messages) {
    for (const Bridged& message : messages) {
      if (message.to == Bridged::To::Server) {
        to_server.push_back(message.bytes);
        continue;
      }
      MessageReader reader(Direction::FromServer);
      const auto read = reader.Read(message.bytes, nullptr);
      REQUIRE(read);
      FromFront(front.FromServer(*read, 0));
    }
  }
  void Client(AskerId asker, const std::string& bytes) {
    MessageReader reader(Direction::FromClient);
    const auto read = reader.Read(bytes, nullptr);
    REQUIRE(read);
    FromFront(front.FromClient(asker, *read));
  }
  void Server(const std::string& bytes) {
    MessageReader reader(Direction::FromServer);
    const auto read = reader.Read(bytes, nullptr);
    REQUIRE(read);
    FromBack(back.FromServer(*read, 0));
  }

  static std::string Same(std::string_view text) { return std::string(text); }
  ModernOverLegacy front{{.seal = {.seal = Same, .unseal = Same}}};
  LegacyOverModern back;
  std::vector<std::string> to_client;
  std::vector<std::string> to_server;
  AskerId askers = 100;
};

TEST_CASE("a modern client and a modern server meet through both bridges") {
  Chain chain;
  chain.FromFront(chain.front.Start());
  REQUIRE(chain.to_server.size() == 1);
  chain.Server(R"({"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],)"
               R"("capabilities":{"tools":{}}}})");
  const auto call = [](const std::string& id, const std::string& more) {
    return Request(id, "tools/call",
                   R"({"name":"n","arguments":{"v":1.0},)" + more + R"("_meta":{)" + kMeta + "}}");
  };
  chain.Client(1, call("1", ""));
  REQUIRE(chain.to_server.size() == 2);
  CHECK(chain.to_server[1].find(R"("arguments":{"v":1.0})") != std::string::npos);
  chain.Server(R"({"jsonrpc":"2.0","id":2,"result":{"resultType":"input_required",)"
               R"("inputRequests":{"k":{"method":"elicitation/create","params":{"message":"m"}}},)"
               R"("requestState":"servers own"}})");
  REQUIRE(chain.to_client.size() == 1);
  CHECK(
      chain.to_client[0] ==
      R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":)"
      R"({"q1":{"method":"elicitation/create","params":{"message":"m"}}},"requestState":"2.1"}})");
  chain.Client(2,
               call("2", R"("inputResponses":{"q1":{"action":"accept"}},"requestState":"2.1",)"));
  REQUIRE(chain.to_server.size() == 3);
  CHECK(chain.to_server[2].find(
            R"("inputResponses":{"k":{"action":"accept"}},"requestState":"servers own")") !=
        std::string::npos);
  chain.Server(R"({"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","content":[1.0]}})");
  REQUIRE(chain.to_client.size() == 2);
  CHECK(chain.to_client[1].find(R"("id":2,)") != std::string::npos);
  CHECK(chain.to_client[1].find(R"("content":[1.0])") != std::string::npos);
}

}  // namespace
}  // namespace policy::mcp
