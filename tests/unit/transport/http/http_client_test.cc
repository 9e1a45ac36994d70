#include "runtime/transport/http/http_client.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/unit/transport/http/loop_thread.h"
#include "tests/unit/transport/http/raw_socket.h"
#include "tests/unit/transport/http/recorded_call.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;
using Kind = HttpFailure::Kind;

constexpr std::array<HttpHeader, 1> kJson = {{{"Content-Type", "application/json"}}};

HttpRequest Post(std::string_view body) {
  return {.method = "POST", .headers = kJson, .body = body};
}

template <class Condition>
bool Soon(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

// A server that says `answer` to the first request, whatever it is, and then ends.
std::string AskOnce(const std::string& answer, const HttpRequest& request, std::string& asked,
                    std::optional<HttpFailure>& failure, std::size_t piece = 100'000) {
  RawListener listener;
  ClientThread client(listener.port());
  const auto call = client.Send(request);
  RawSocket server = listener.Accept();
  asked = server.ReadUntil("\r\n\r\n");
  for (std::size_t at = 0; at < answer.size(); at += piece) {
    server.Send(answer.substr(at, piece));
    if (piece < answer.size()) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  server.Finish();
  REQUIRE(call->Wait());
  failure = call->failure();
  return std::to_string(call->status()) + " " + call->body();
}

TEST_CASE("a request is sent as it should be, and its response is heard in parts") {
  const std::string request =
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/json\r\n"
      "Accept-Encoding: identity\r\nContent-Length: 2\r\n\r\n";
  for (const std::string& answer : {
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"),
           std::string("HTTP/1.0 200 OK\r\n\r\nhello"),
           std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n"
                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
       }) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, answer.size()}) {
      CAPTURE(answer, piece);
      std::string asked;
      std::optional<HttpFailure> failure;
      CHECK(AskOnce(answer, Post("{}"), asked, failure, piece) == "200 hello");
      CHECK_FALSE(failure);
      const std::size_t port = asked.find("127.0.0.1:") + 10;
      asked.replace(port, asked.find('\r', port) - port, "PORT");
      CHECK(asked == request);
    }
  }
}

TEST_CASE("a response that cannot be understood fails the call") {
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "sent a malformed head"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "a header twice"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "closed the connection"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "closed the"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX", "a malformed chunk"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "encoding"},
      {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "not asked for"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n", "too long"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "a malformed status line"},
      {"", "closed the connection"},
  };
  for (const auto& [answer, text] : cases) {
    CAPTURE(answer.substr(0, 100));
    std::string asked;
    std::optional<HttpFailure> failure;
    AskOnce(answer, Post("{}"), asked, failure);
    REQUIRE(failure);
    CHECK(failure->kind == Kind::Sent);
    CAPTURE(failure->text);
    CHECK(failure->text.find(text) != std::string::npos);
  }
}

TEST_CASE("connections are kept and used again, and no more of them than calls at once") {
  std::atomic<int> requests = 0;
  ServerThread server([&](const std::shared_ptr<HttpExchange>& exchange) {
    ++requests;
    exchange->Respond(200, kJson, exchange->body());
  });
  ClientThread client(server.port());
  for (int i = 0; i < 50; ++i) {
    const std::string text = std::to_string(i);
    const auto call = client.Send(Post(text));
    REQUIRE(call->Wait());
    CHECK(call->body() == text);
  }
  CHECK(server.server().counts().accepted.load() == 1);
  std::vector<std::unique_ptr<RecordedCall>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(client.Send(Post(std::to_string(i))));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(calls[static_cast<std::size_t>(i)]->Wait());
    CHECK(calls[static_cast<std::size_t>(i)]->body() == std::to_string(i));
  }
  CHECK(server.server().counts().accepted.load() <= 21);
  CHECK(requests == 70);
}

TEST_CASE("a call may be sent from the end of another, on its connection") {
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    exchange->Respond(200, kJson, exchange->body());
  });
  ClientThread client(server.port());
  struct Chain final : HttpResponseHandler {
    explicit Chain(HttpClient& c) : client(c) {}
    HttpClient& client;
    std::unique_ptr<HttpCall> call;
    int left = 100;
    std::promise<void> done;
    void Next() { call = client.Send(Post("x"), *this); }
    void OnHead(const HttpResponseHead&) override {}
    void OnBody(std::string_view) override {}
    void OnEnd() override {
      if (--left > 0) return Next();
      call.reset();
      done.set_value();
    }
    void OnFailure(const HttpFailure&) override {}
  } chain(client.client());
  client.thread().Do([&] { chain.Next(); });
  chain.done.get_future().wait();
  CHECK(server.server().counts().accepted.load() == 1);
}

TEST_CASE("calls beyond the connections wait for one, and not for ever") {
  std::vector<std::shared_ptr<HttpExchange>> held;
  ServerThread server(
      [&](std::shared_ptr<HttpExchange> exchange) { held.push_back(std::move(exchange)); });
  ClientThread client({.url = "http://localhost:" + std::to_string(server.port()),
                       .connect_timeout = milliseconds(400),
                       .connections_max = 2});
  std::vector<std::unique_ptr<RecordedCall>> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(client.Send(Post(std::to_string(i))));
  REQUIRE(Soon([&] { return server.server().counts().requests.load() == 2; }));
  CHECK(client.open() == 2);
  server.thread().Do([&] {
    held[0]->Respond(200, kJson, "first");
    held[0].reset();
  });
  REQUIRE(Soon([&] { return server.server().counts().requests.load() == 3; }));
  REQUIRE(calls[3]->Wait());
  REQUIRE(calls[3]->failure());
  CHECK(calls[3]->failure()->kind == Kind::NotSent);
  CHECK(calls[3]->failure()->text.find("in time") != std::string::npos);
  server.thread().Do([&] { held.clear(); });
}

TEST_CASE("where nobody listens nothing is sent") {
  std::uint16_t port = 0;
  {
    RawListener listener;
    port = listener.port();
  }
  ClientThread client(port);
  const auto one = client.Send(Post("{}"));
  const auto two = client.Send(Post("{}"));
  for (auto* const call : {one.get(), two.get()}) {
    REQUIRE(call->Wait());
    REQUIRE(call->failure());
    CHECK(call->failure()->kind == Kind::NotSent);
    CHECK(call->failure()->text ==
          "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  }
  ClientThread lost({.url = "http://no-such-host.invalid/"});
  const auto call = lost.Send(Post("{}"));
  REQUIRE(call->Wait());
  REQUIRE(call->failure());
  CHECK(call->failure()->kind == Kind::NotSent);
}

TEST_CASE("what cannot be sent is not") {
  RawListener listener;
  ClientThread client(listener.port());
  const std::array<HttpHeader, 1> split = {{{"X", "a\r\nY: b"}}};
  const std::array<HttpHeader, 1> unnamed = {{{"X Y", "a"}}};
  for (const HttpRequest& request :
       {HttpRequest{.method = "POST", .headers = split},
        HttpRequest{.method = "POST", .headers = unnamed}, HttpRequest{.method = "P T"},
        HttpRequest{.method = "GET", .target = "/a b"},
        HttpRequest{.method = "GET", .target = "x"}}) {
    const auto call = client.Send(request);
    REQUIRE(call->Wait());
    REQUIRE(call->failure());
    CHECK(call->failure()->kind == Kind::NotSent);
  }
}

TEST_CASE("an upstream that says nothing, or falls silent, is given up") {
  RawListener listener;
  ClientThread client(listener.port());
  const auto deaf =
      client.Send({.method = "POST", .body = "{}", .first_byte_timeout = milliseconds(100)});
  RawSocket first = listener.Accept();
  REQUIRE(deaf->Wait());
  CHECK(deaf->failure_text().find("did not answer in time") != std::string::npos);
  CHECK(deaf->failure()->kind == Kind::Sent);
  const auto silent =
      client.Send({.method = "POST", .body = "{}", .silence_timeout = milliseconds(100)});
  RawSocket second = listener.Accept();
  second.ReadUntil("{}");
  second.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    second.Send("1\r\nx\r\n");
  }
  REQUIRE(silent->Wait());
  CHECK(silent->body() == "xxxx");
  CHECK(silent->failure_text().find("fell silent") != std::string::npos);
}

TEST_CASE("a call that is dropped closes its connection, before and after its head") {
  RawListener listener;
  ClientThread client(listener.port());
  auto early = client.Send(Post("{}"));
  RawSocket first = listener.Accept();
  first.ReadUntil("{}");
  early->Cancel();
  CHECK(first.ReadAll().empty());
  CHECK(first.has_ended());
  auto late = client.Send(Post("{}"));
  RawSocket second = listener.Accept();
  second.ReadUntil("{}");
  second.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  REQUIRE(late->WaitForBody(3));
  late->Cancel();
  CHECK(second.ReadAll().empty());
  CHECK(second.has_ended());
  CHECK(Soon([&] { return client.open() == 0; }));
}

TEST_CASE("a connection that was kept and has ended is not used, and what acts is not sent twice") {
  RawListener listener;
  ClientThread client(listener.port());
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const auto first = client.Send(Post("1"));
  {
    RawSocket server = listener.Accept();
    server.ReadUntil("\r\n\r\n1");
    server.Send(answer);
    REQUIRE(first->Wait());
  }
  REQUIRE(Soon([&] { return client.open() == 0; }));
  const auto second = client.Send(Post("2"));
  RawSocket server = listener.Accept();
  server.ReadUntil("\r\n\r\n2");
  server.Send(answer);
  REQUIRE(second->Wait());
  CHECK(second->body() == "ok");

  // The upstream ends a connection when the request is there: it may have acted.
  const auto third = client.Send(Post("3"));
  server.ReadUntil("\r\n\r\n3");
  server = RawSocket(Descriptor());
  REQUIRE(third->Wait());
  REQUIRE(third->failure());
  CHECK(third->failure()->kind == Kind::Sent);
}

TEST_CASE("what makes nothing happen is sent again, once") {
  RawListener listener;
  ClientThread client(listener.port());
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const auto first = client.Send(Post("1"));
  RawSocket server = listener.Accept();
  server.ReadUntil("\r\n\r\n1");
  server.Send(answer);
  REQUIRE(first->Wait());
  const auto call = client.Send({.method = "GET", .is_repeatable = true});
  server.ReadUntil("\r\n\r\n");
  server = RawSocket(Descriptor());
  RawSocket again = listener.Accept();
  CHECK(again.ReadUntil("\r\n\r\n").starts_with("GET /mcp HTTP/1.1\r\n"));
  again.Send(answer);
  REQUIRE(call->Wait());
  CHECK(call->body() == "ok");
}

TEST_CASE("a server's idle timeout is heeded") {
  RawListener listener;
  ClientThread client(listener.port());
  const auto first = client.Send(Post("1"));
  RawSocket server = listener.Accept();
  server.ReadUntil("\r\n\r\n1");
  server.Send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok");
  REQUIRE(first->Wait());
  CHECK(client.idle() == 0);
  CHECK(server.ReadAll().empty());
  CHECK(server.has_ended());
}

TEST_CASE("bytes that belong to no response end the connection") {
  RawListener listener;
  ClientThread client(listener.port());
  const auto first = client.Send(Post("1"));
  RawSocket server = listener.Accept();
  server.ReadUntil("\r\n\r\n1");
  server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n");
  REQUIRE(first->Wait());
  CHECK(first->body() == "ok");
  CHECK(client.idle() == 0);
  const auto second = client.Send(Post("2"));
  RawSocket other = listener.Accept();
  other.ReadUntil("\r\n\r\n2");
  other.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  REQUIRE(second->Wait());
  other.Send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  CHECK(Soon([&] { return client.open() == 0; }));
}

TEST_CASE("a redirect is an answer like any other") {
  std::string asked;
  std::optional<HttpFailure> failure;
  CHECK(AskOnce("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                Post("{}"), asked, failure) == "307 ");
  CHECK_FALSE(failure);
}

TEST_CASE("a call that is paused takes no more, and goes on where it was") {
  constexpr std::size_t kBytes = 30'000'000;
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    exchange->Respond(200, kJson, std::string(kBytes, 'x'));
  });
  ClientThread client(server.port());
  const auto call = client.Send(Post("{}"));
  client.thread().Do([&] { call->call().Pause(); });
  std::this_thread::sleep_for(milliseconds(150));
  const std::size_t paused_at = call->body_bytes();
  std::this_thread::sleep_for(milliseconds(50));
  CHECK(call->body_bytes() == paused_at);
  CHECK(paused_at < kBytes);
  client.thread().Do([&] { call->call().Resume(); });
  REQUIRE(call->Wait());
  CHECK(call->body_bytes() == kBytes);
}

TEST_CASE("a long request arrives whole while its response is awaited") {
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    exchange->Respond(200, kJson, std::to_string(exchange->body().size()));
  });
  ClientThread client(server.port());
  const std::string body(kBodyBytesMax, 'x');
  const auto call = client.Send(Post(body));
  REQUIRE(call->Wait());
  CHECK(call->body() == std::to_string(body.size()));
}

}  // namespace
}  // namespace policy::transport
