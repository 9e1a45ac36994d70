// Several clients that choose the same ids, and one server: byte transcripts.
#include "runtime/mcp/shared_ids.h"

#include <catch2/catch.hpp>
#include <string>

#include "runtime/mcp/id_rewrite.h"

namespace policy::mcp {
namespace {

struct Shared {
  // What the server gets; "in flight", "full", "nothing".
  std::string Client(AskerId asker, const std::string& line) {
    const auto message = client_reader.Read(line, nullptr);
    REQUIRE(message);
    if (message->kind == MessageKind::Notification) {
      return ids.Cancellation(asker, *message).value_or("nothing");
    }
    const auto sent = ids.Request(asker, *message);
    if (sent) return *sent;
    return sent.error() == SharedIds::AddError::InFlight ? "in flight" : "full";
  }

  // "2: bytes", "anyone", "server", "nobody".
  std::string Server(const std::string& line) {
    const auto message = server_reader.Read(line, nullptr);
    REQUIRE(message);
    const Returned returned = ids.FromServer(*message);
    switch (returned.to) {
      case Recipient::Asker:
        return std::to_string(returned.asker) + ": " + returned.bytes;
      case Recipient::Anyone:
        return "anyone";
      case Recipient::Server:
        return "server";
      case Recipient::Nobody:
        break;
    }
    return "nobody";
  }

  SharedIds ids;
  MessageReader client_reader{Direction::FromClient};
  MessageReader server_reader{Direction::FromServer};
};

TEST_CASE("the same id of two clients comes back to each, and nothing else changes") {
  Shared shared;
  const std::string line = R"( {"id" : 1, "jsonrpc":"2.0","method":"tools/call",)"
                           R"("params":{"name":"n","arguments":{"id":1,"x":9007199254740993}}} )";
  std::string want = line;
  CHECK(shared.Client(7, line) == want);  // the first number is 1 as well
  want.replace(want.find(": 1,"), 4, ": 2,");
  CHECK(shared.Client(8, line) == want);
  CHECK(shared.Client(7, line) == "in flight");

  CHECK(shared.Server(R"({"jsonrpc":"2.0","id":2,"result":{"id":2,"v":1.0}})") ==
        R"(8: {"jsonrpc":"2.0","id":1,"result":{"id":2,"v":1.0}})");
  CHECK(shared.Server(R"({"jsonrpc":"2.0","id":2,"result":{}})") == "nobody");
  CHECK(shared.Server(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}})") ==
        R"(7: {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}})");
  CHECK(shared.ids.size() == 0);
}

TEST_CASE("ids keep their type and their spelling") {
  for (const std::string id :
       {R"("a")", R"("\u0061")", "0", R"("0")", "-5", R"("")", R"("q\"\\")", "9007199254740991"}) {
    Shared shared;
    const std::string line = R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/list"})";
    CHECK(shared.Client(1, line) == R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
    CHECK(shared.Server(R"({"jsonrpc":"2.0","id":1,"result":{}})") ==
          R"(1: {"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})");
  }
  Shared shared;
  shared.Client(1, R"({"jsonrpc":"2.0","id":"a","method":"tools/list"})");
  CHECK(shared.Client(1, R"({"jsonrpc":"2.0","id":"\u0061","method":"tools/list"})") ==
        "in flight");
  for (const std::string id : {R"("1")", "01", "-1", "1.0", "1e0", "2"}) {
    const std::string answer = R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})";
    MessageReader reader(Direction::FromServer);
    if (reader.Read(answer, nullptr)) CHECK(shared.Server(answer) == "nobody");
  }
}

TEST_CASE("progress goes to whom it was promised, under the token it gave") {
  Shared shared;
  const auto call = [](const std::string& token) {
    return R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"n",)"
           R"("_meta":{"a":1,"progressToken":)" +
           token + "}}}";
  };
  CHECK(shared.Client(1, call(R"("t")")).find(R"("progressToken":1}})") != std::string::npos);
  CHECK(shared.Client(2, call("1.0")).find(R"("progressToken":2}})") != std::string::npos);
  CHECK(shared.Client(3, call("null")).find(R"("progressToken":null}})") != std::string::npos);
  const auto progress = [](const std::string& token) {
    return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
           token + R"(,"progress":1.0}})";
  };
  CHECK(shared.Server(progress("1")) == "1: " + progress(R"("t")"));
  CHECK(shared.Server(progress("2")) == "2: " + progress("1.0"));
  CHECK(shared.Server(progress("3")) == "nobody");
  CHECK(shared.Server(progress("4")) == "nobody");
  CHECK(shared.Server(progress(R"("t")")) == "nobody");
  CHECK(shared.Server(R"({"jsonrpc":"2.0","method":"notifications/progress"})") == "nobody");
  shared.Server(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  CHECK(shared.Server(progress("1")) == "nobody");
}

TEST_CASE("a cancellation reaches the request it means") {
  Shared shared;
  const std::string listen = R"({"jsonrpc":"2.0","id":5,"method":"subscriptions/listen"})";
  shared.Client(1, listen);
  shared.Client(2, listen);
  const auto cancelled = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id +
           R"(,"reason":"r"}})";
  };
  CHECK(shared.Client(2, cancelled("5")) == cancelled("2"));
  CHECK(shared.Client(2, cancelled("2")) == "nothing");
  CHECK(shared.Client(3, cancelled("5")) == "nothing");
  CHECK(shared.Client(2, R"({"jsonrpc":"2.0","method":"notifications/cancelled"})") == "nothing");
  CHECK(shared.Server(cancelled("1")) == "1: " + cancelled("5"));
  CHECK(shared.Server(cancelled("9")) == "nobody");
  CHECK(shared.Server(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})") == "nobody");
}

TEST_CASE("what a subscription tells goes to its listener") {
  Shared shared;
  shared.Client(1, R"({"jsonrpc":"2.0","id":"l","method":"subscriptions/listen"})");
  shared.Client(2, R"({"jsonrpc":"2.0","id":"l","method":"subscriptions/listen"})");
  const auto changed = [](const std::string& id) {
    return R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":)"
           R"({"_meta":{"io.modelcontextprotocol/subscriptionId":)" +
           id + "}}}";
  };
  CHECK(shared.Server(changed("2")) == "2: " + changed(R"("l")"));
  CHECK(shared.Server(changed("3")) == "nobody");
  const auto end = [](const std::string& id, const std::string& subscription) {
    return R"({"jsonrpc":"2.0","id":)" + id +
           R"(,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":)" + subscription +
           "}}}";
  };
  CHECK(shared.Server(end("1", "2")) == "nobody");
  CHECK(shared.Server(end("1", "1")) == "1: " + end(R"("l")", R"("l")"));
  CHECK(shared.Server(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})") ==
        "anyone");
  CHECK(shared.Server(R"({"jsonrpc":"2.0","id":1,"method":"roots/list"})") == "server");
}

TEST_CASE("whoever leaves has cancelled what it asked") {
  Shared shared;
  for (const char* id : {"1", "2", R"("x")"}) {
    for (const AskerId asker : {1U, 2U}) {
      shared.Client(asker, R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"ping"})");
    }
  }
  CHECK(shared.ids.Leave(3).empty());
  const auto cancellations = shared.ids.Leave(1);
  REQUIRE(cancellations.size() == 3);
  CHECK(shared.ids.size() == 3);
  CHECK(cancellations[0].find(R"("requestId":)") != std::string::npos);
  CHECK(shared.Server(R"({"jsonrpc":"2.0","id":1,"result":{}})") == "nobody");
  CHECK(shared.Server(R"({"jsonrpc":"2.0","id":2,"result":{}})") ==
        R"(2: {"jsonrpc":"2.0","id":1,"result":{}})");
}

}  // namespace
}  // namespace policy::mcp
