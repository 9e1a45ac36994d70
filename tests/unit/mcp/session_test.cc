// Byte transcripts through the session: what becomes of each line, with no socket and no process.
#include "runtime/mcp/session.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy::mcp {
namespace {

std::string NameOf(Step step) {
  switch (step) {
    case Step::Forward:
      return "forward";
    case Step::Decide:
      return "decide";
    case Step::Cancel:
      return "cancel";
    case Step::Answer:
      return "answer";
    case Step::Drop:
      return "drop";
  }
  return "?";
}

// A session whose owner permits every call.
struct Transcript {
  explicit Transcript(MethodPolicy methods = {}) : session(std::move(methods)) {}

  // "forward", "decide", "drop", "answer -32601", "cancel": what becomes of a line.
  std::string Client(std::string_view line) {
    const auto message = client_reader.Read(line, nullptr);
    const Action action =
        message ? session.FromClient(*message) : session.RefusedFromClient(message.error());
    last = action;
    if (action.step == Step::Decide) session.Sent(*action.exchange);
    return NameOf(action.step) + (action.code != 0 ? " " + std::to_string(action.code) : "");
  }

  std::string Server(std::string_view line) {
    const auto message = server_reader.Read(line, nullptr);
    const Action action =
        message ? session.FromServer(*message) : session.RefusedFromServer(message.error());
    last = action;
    const bool is_response = message && message->kind == MessageKind::Response;
    if (is_response && action.exchange) session.Finish(*action.exchange);
    return NameOf(action.step) + (action.code != 0 ? " " + std::to_string(action.code) : "");
  }

  Session session;
  MessageReader client_reader{Direction::FromClient};
  MessageReader server_reader{Direction::FromServer};
  Action last;
};

std::string Request(std::string_view id, std::string_view method) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
         R"("})";
}

std::string Call(std::string_view id) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) +
         R"(,"method":"tools/call","params":{"name":"echo","arguments":{}}})";
}

std::string Result(std::string_view id) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":{}})";
}

std::string Cancelled(std::string_view id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
         std::string(id) + "}}";
}

TEST_CASE("methods: what passes, what follows the default, what is unknown") {
  struct Row {
    std::string_view method;
    std::string_view under_deny;
    std::string_view under_allow;
  };
  const Row rows[] = {
      {"initialize", "forward", "forward"},
      {"ping", "forward", "forward"},
      {"logging/setLevel", "forward", "forward"},
      {"server/discover", "forward", "forward"},
      {"subscriptions/listen", "forward", "forward"},
      {"tools/list", "forward", "forward"},
      {"resources/list", "forward", "forward"},
      {"resources/templates/list", "forward", "forward"},
      {"resources/read", "answer -31004", "forward"},
      {"resources/subscribe", "answer -31004", "forward"},
      {"resources/unsubscribe", "answer -31004", "forward"},
      {"prompts/get", "answer -31004", "forward"},
      {"completion/complete", "answer -31004", "forward"},
      {"tasks/result", "answer -31004", "forward"},
      {"tasks/list", "answer -31004", "forward"},
      {"sampling/createMessage", "answer -32601", "answer -32601"},
      {"tools/Call", "answer -32601", "answer -32601"},
      {"tools/call/", "answer -32601", "answer -32601"},
      {"whatever", "answer -32601", "answer -32601"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.method);
    CHECK(Transcript().Client(Request("1", row.method)) == row.under_deny);
    CHECK(Transcript({.default_allows = true, .passed = {}}).Client(Request("1", row.method)) ==
          row.under_allow);
    CHECK(Transcript({.default_allows = false, .passed = {std::string(row.method)}})
              .Client(Request("1", row.method)) == "forward");
  }
  // --pass cannot open the one method that the policy is about.
  CHECK(Transcript({.default_allows = true, .passed = {"tools/call"}}).Client(Call("1")) ==
        "decide");
}

TEST_CASE("method names are compared unescaped") {
  Transcript session;
  CHECK(session.Client(
            R"({"jsonrpc":"2.0","id":1,"\u006dethod":"tools\u002fcall","params":{"name":"x"}})") ==
        "decide");
}

TEST_CASE("a session of both directions, in order") {
  Transcript session;
  CHECK(session.Client(Request("0", "initialize")) == "forward");
  CHECK(session.Server(Result("0")) == "forward");
  CHECK(session.Client(R"({"jsonrpc":"2.0","method":"notifications/initialized"})") == "forward");
  CHECK(session.Server(Request("0", "roots/list")) == "forward");  // the server's ids are its own
  CHECK(session.Client(Call("0")) == "decide");
  CHECK(session.Client(Result("0")) == "forward");
  CHECK(session.Client(Result("0")) == "drop");  // answered already
  CHECK(session.Server(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{}})") ==
        "forward");
  CHECK(session.Server(Result("0")) == "forward");
  CHECK(session.Server(Result("0")) == "drop");
  CHECK(session.Client(Call("0")) == "decide");  // an answered id may be used again
}

TEST_CASE("a request with an id that is in flight is refused, however it is written") {
  Transcript session;
  CHECK(session.Client(Call("1")) == "decide");
  CHECK(session.Client(Call("1")) == "answer -32600");
  CHECK(session.Client(Request("1", "ping")) == "answer -32600");
  CHECK(session.Client(Call(R"("1")")) == "decide");  // another id
  CHECK(session.Client(Call(R"("\u0031")")) == "answer -32600");
  CHECK(session.Client(Call(R"("a\/b")")) == "decide");
  CHECK(session.Server(Result(R"("a/b")")) == "forward");  // as the server writes it
  CHECK(session.Client(Call(R"("")")) == "decide");
  CHECK(session.Server(Result("1")) == "forward");
  CHECK(session.Client(Call("1")) == "decide");
}

TEST_CASE("answers go only to who asked") {
  Transcript session;
  CHECK(session.Client(Result("5")) == "drop");
  CHECK(session.Server(Result("5")) == "drop");
  CHECK(session.Server(Result(R"("5")")) == "drop");
  CHECK(session.Client(Request("5", "ping")) == "forward");
  CHECK(session.Server(Result(R"("5")")) == "drop");  // the text 5 is not the number
  CHECK(session.Server(Result("5")) == "forward");
}

TEST_CASE("a call that waits for its decision cannot be answered by the server") {
  Session session{MethodPolicy{}};
  MessageReader client_reader(Direction::FromClient);
  MessageReader server_reader(Direction::FromServer);
  const std::string call = Call("7");
  const Action decide = session.FromClient(*client_reader.Read(call, nullptr));
  REQUIRE(decide.step == Step::Decide);
  const std::string result = Result("7");
  CHECK(session.FromServer(*server_reader.Read(result, nullptr)).step == Step::Drop);
  session.Sent(*decide.exchange);
  CHECK(session.FromServer(*server_reader.Read(result, nullptr)).step == Step::Forward);
}

TEST_CASE("cancellation names a request in flight or goes nowhere") {
  Transcript session;
  CHECK(session.Client(Cancelled("1")) == "drop");
  CHECK(session.Client(Call("1")) == "decide");
  CHECK(session.Client(Cancelled(R"("1")")) == "drop");
  CHECK(session.Client(Cancelled("1")) == "cancel");
  REQUIRE(session.last.exchange);
  CHECK_FALSE(session.session.Cancel(*session.last.exchange));
  CHECK(session.Client(Call("1")) ==
        "answer -32600");  // its late answer must not be taken for this
  CHECK(session.Server(Result("1")) == "forward");
  CHECK(session.Client(Call("1")) == "decide");
}

TEST_CASE("requests that were cancelled and never answered are forgotten, oldest first") {
  Transcript session;
  std::vector<std::string> forgotten;
  for (std::size_t i = 0; i < kCancelledMax + 2; ++i) {
    const std::string id = std::to_string(i);
    REQUIRE(session.Client(Call(id)) == "decide");
    REQUIRE(session.Client(Cancelled(id)) == "cancel");
    if (const auto oldest = session.session.Cancel(*session.last.exchange)) {
      forgotten.push_back(session.session.client_exchange(*oldest).id);
      session.session.Finish(*oldest);
    }
  }
  CHECK(forgotten == std::vector<std::string>{"0", "1"});
  CHECK(session.Server(Result("0")) == "drop");
  CHECK(session.Server(Result("2")) == "forward");
}

TEST_CASE("the server's requests are correlated too") {
  Transcript session;
  CHECK(session.Server(Request(R"("e1")", "elicitation/create")) == "forward");
  CHECK(session.Server(Request(R"("e1")", "elicitation/create")) == "answer -32600");
  CHECK(session.Server(Cancelled(R"("e1")")) == "forward");
  CHECK(session.Client(Result(R"("e1")")) == "forward");  // it has crossed the cancellation
  CHECK(session.Client(Result(R"("e1")")) == "drop");
}

TEST_CASE("more requests than may be in flight are refused, and none is lost") {
  Transcript session;
  for (std::size_t i = 0; i < kExchangesMax; ++i) {
    REQUIRE(session.Client(Request(std::to_string(i), "ping")) == "forward");
  }
  CHECK(session.Client(Request("99999", "ping")) == "answer -31003");
  CHECK(session.Client(Call("99999")) == "answer -31003");
  CHECK(session.Server(Result("0")) == "forward");
  CHECK(session.Client(Call("99999")) == "decide");
  CHECK(session.session.ClientInFlight().size() == kExchangesMax);
}

TEST_CASE("what cannot be read is answered where it asks for an answer") {
  struct Row {
    std::string_view line;
    std::string_view outcome;
  };
  const Row rows[] = {
      {"not json", "answer -32700"},
      {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", "answer -32600"},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", "answer -32600"},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", "answer -32600"},
      {R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})", "answer -32600"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", "answer -32600"},
      {R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":1,"a":2}})", "drop"},
      {R"({"jsonrpc":"2.0","method":"rm"})", "drop"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    CHECK(Transcript().Client(row.line) == row.outcome);
  }
  CHECK(Transcript().Server("Server listening on stdio") == "drop");
  CHECK(Transcript().Server(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2}})") ==
        "answer -32600");
}

TEST_CASE("an answer that cannot be read is known by its id") {
  Transcript session;
  CHECK(session.Client(Call("3")) == "decide");
  const std::string answer = R"({"jsonrpc":"2.0","id":3,"result":{"a":1,"a":2}})";
  const auto message = session.server_reader.Read(answer, nullptr);
  REQUIRE_FALSE(message);
  const auto asked = session.session.AnsweredBy(message.error(), Direction::FromServer);
  REQUIRE(asked);
  CHECK(session.session.client_exchange(*asked).id == "3");
}

}  // namespace
}  // namespace policy::mcp
