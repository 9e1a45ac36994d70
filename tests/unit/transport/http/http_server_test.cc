#include "runtime/transport/http/http_server.h"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/value/sanitized.h"
#include "tests/unit/transport/http/loop_thread.h"
#include "tests/unit/transport/http/raw_socket.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

constexpr std::array<HttpHeader, 1> kPlain = {{{"Content-Type", "text/plain"}}};

// Answers with what it heard.
void Echo(const std::shared_ptr<HttpExchange>& exchange) {
  const HttpRequestHead& head = exchange->head();
  const std::string text =
      std::string(head.method) + " " + std::string(head.path) + " " + std::string(exchange->body());
  exchange->Respond(200, kPlain, text);
}

std::string Post(std::string_view body, std::string_view headers = "") {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// Waits for what another thread is about to do.
template <class Condition>
bool Soon(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

TEST_CASE("a request is answered, and the next one on the same connection") {
  ServerThread server(Echo);
  RawSocket client = RawSocket::Connect(server.port());
  client.Send(Post("hello"));
  CHECK(client.ReadAnswer() == "POST /x hello");
  CHECK(client.status() == 200);
  CHECK(client.head().find("\r\nDate: ") != std::string::npos);
  CHECK(client.head().find("Connection") == std::string::npos);
  client.Send("GET /y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(client.ReadAnswer() == "GET /y ");
  CHECK(client.head().find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(client.ReadAll().empty());
  CHECK(client.has_ended());
}

TEST_CASE("a request is the same wherever it was cut") {
  ServerThread server(Echo);
  const std::string whole = Post("hello world");
  const std::string chunked =
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: z\r\n\r\n";
  for (const std::string& bytes : {whole, chunked}) {
    RawSocket client = RawSocket::Connect(server.port());
    for (std::size_t at = 1; at < bytes.size(); ++at) {
      client.Send(bytes.substr(0, at));
      // So that the two parts are two reads, mostly.
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      client.Send(bytes.substr(at));
      REQUIRE(client.ReadAnswer() == "POST /x hello world");
    }
    for (const char byte : bytes) client.Send({&byte, 1});
    REQUIRE(client.ReadAnswer() == "POST /x hello world");
  }
}

TEST_CASE("requests that come together are answered in order, each once the one before is") {
  std::vector<std::shared_ptr<HttpExchange>> held;
  std::mutex mutex;
  ServerThread server([&](std::shared_ptr<HttpExchange> exchange) {
    const std::lock_guard lock(mutex);
    held.push_back(std::move(exchange));
  });
  RawSocket client = RawSocket::Connect(server.port());
  client.Send(Post("one") + Post("two") + "POST /x HTTP/1.1\r\nHost: a\r\n");
  client.Send("Content-Length: 5\r\n\r\nthree");
  for (const std::string_view expected : {"one", "two", "three"}) {
    REQUIRE(Soon([&] {
      const std::lock_guard lock(mutex);
      return !held.empty();
    }));
    std::this_thread::sleep_for(milliseconds(20));
    server.thread().Do([&] {
      CHECK(held.size() == 1);
      CHECK(held[0]->body() == expected);
      held[0]->Respond(200, kPlain, expected);
      held.clear();
    });
    CHECK(client.ReadAnswer() == expected);
  }
}

TEST_CASE("a thousand requests in one piece are all answered") {
  ServerThread server(Echo);
  RawSocket client = RawSocket::Connect(server.port());
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += Post(std::to_string(i));
  std::thread writer([&] { client.Send(bytes); });
  for (int i = 0; i < 1'000; ++i) REQUIRE(client.ReadAnswer() == "POST /x " + std::to_string(i));
  writer.join();
}

TEST_CASE("a client that asks and does not listen is not answered without end") {
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    exchange->Respond(200, kPlain, std::string(100'000, 'x'));
  });
  RawSocket client = RawSocket::Connect(server.port());
  std::thread writer([&] {
    std::string many;
    for (int i = 0; i < 500; ++i) many += Post("");
    for (int i = 0; i < 20; ++i) client.Send(many);
  });
  std::this_thread::sleep_for(milliseconds(300));
  // What the sockets of both sides hold, and no more.
  CHECK(server.server().counts().requests.load() < 200);
  for (int i = 0; i < 10'000; ++i) REQUIRE(client.ReadAnswer().size() == 100'000);
  writer.join();
  CHECK(server.server().counts().requests.load() == 10'000);
}

TEST_CASE("what is refused is answered, and ends the connection: nothing behind it is a request") {
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n" +
           hidden,
       400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n" + hidden,
       400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden, 501},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden, 400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0b"
       "chunked\r\n\r\n0\r\n\r\n" +
           hidden,
       400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 40\r\n\r\n" + hidden, 400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 40\r\n\r\n" + hidden, 400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +40\r\n\r\n" + hidden, 400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n" + hidden, 400},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxyz\r\n0\r\n\r\n" +
           hidden,
       400},
      {"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n" + hidden, 400},
      {"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + hidden, 400},
      {"GET /x HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'y') + "\r\n\r\n" + hidden, 431},
      {"GET /" + std::string(40'000, 'y') + " HTTP/1.1\r\nHost: a\r\n\r\n" + hidden, 431},
      {"GET /x HTTP/3.0\r\nHost: a\r\n\r\n" + hidden, 505},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + hidden, 413},
  };
  std::atomic<int> heard = 0;
  ServerThread server([&heard](const std::shared_ptr<HttpExchange>& exchange) {
    ++heard;
    Echo(exchange);
  });
  for (const auto& [bytes, status] : cases) {
    CAPTURE(bytes.substr(0, 200));
    RawSocket client = RawSocket::Connect(server.port());
    client.Send(bytes);
    client.ReadAnswer();
    CHECK(client.status() == status);
    CHECK(client.ReadAll().empty());
    CHECK(client.has_ended());
  }
  CHECK(heard == 0);
  CHECK(server.server().counts().refused.load() == cases.size());
}

TEST_CASE("a body beyond the limit is refused in chunks too, and its client hears of it") {
  HttpServerOptions options;
  options.body_bytes_max = 1'000'000;
  ServerThread server(Echo, options);
  RawSocket client = RawSocket::Connect(server.port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 110; ++i) client.Send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
  client.ReadAnswer();
  CHECK(client.status() == 413);
}

TEST_CASE("all long bodies together are at most so long") {
  HttpServerOptions options;
  options.body_budget = std::make_shared<ByteBudget>(1'000'000);
  ServerThread server(Echo, options);
  const std::string half =
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + std::string(800'000, 'x');
  RawSocket first = RawSocket::Connect(server.port());
  first.Send(half);
  REQUIRE(Soon([&] { return options.body_budget->left() < 300'000; }));
  RawSocket second = RawSocket::Connect(server.port());
  second.Send(half);
  second.ReadAnswer();
  CHECK(second.status() == 503);
  RawSocket third = RawSocket::Connect(server.port());
  third.Send(Post(std::string(60'000, 'y')));
  CHECK(third.ReadAnswer().size() == 60'008);
  first.Send(std::string(100'000, 'x'));
  CHECK(first.ReadAnswer().size() == 900'008);
  CHECK(Soon([&] { return options.body_budget->left() == 1'000'000; }));
}

TEST_CASE("100-continue is answered before the body") {
  ServerThread server(Echo);
  RawSocket client = RawSocket::Connect(server.port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.ReadUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  CHECK(client.ReadAnswer() == "POST /x ok");
}

TEST_CASE("HTTP/1.0 is answered, and the connection closed") {
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    exchange->BeginStream(200, kPlain);
    exchange->Write("a");
    exchange->Write("b");
    exchange->EndStream();
  });
  RawSocket client = RawSocket::Connect(server.port());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  CHECK(client.ReadUntil("\r\n\r\n").find("chunked") == std::string::npos);
  CHECK(client.ReadAll() == "ab");
}

TEST_CASE("HEAD and statuses without a body have none") {
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    exchange->Respond(exchange->head().path == "/none" ? 204 : 200, kPlain, "body");
  });
  RawSocket client = RawSocket::Connect(server.port());
  client.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.ReadUntil("\r\n\r\n").find("Content-Length: 4\r\n") != std::string::npos);
  client.Send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string none = client.ReadUntil("\r\n\r\n");
  CHECK(none.starts_with("HTTP/1.1 204 "));
  CHECK(none.find("Content-Length") == std::string::npos);
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.ReadAnswer() == "body");
}

TEST_CASE("no header of an answer can begin another") {
  ServerThread server([](const std::shared_ptr<HttpExchange>& exchange) {
    const std::array<HttpHeader, 3> headers = {
        {{"X-Bad", "a\r\nSet-Cookie: b"}, {"X Bad", "a"}, {"X-Good", "c"}}};
    exchange->Respond(200, headers, "");
  });
  RawSocket client = RawSocket::Connect(server.port());
  client.Send(Post(""));
  client.ReadAnswer();
  CHECK(client.head().find("Set-Cookie") == std::string::npos);
  CHECK(client.head().find("Bad") == std::string::npos);
  CHECK(client.head().find("\r\nX-Good: c\r\n") != std::string::npos);
}

TEST_CASE("a stream goes out as it is written") {
  std::shared_ptr<HttpExchange> held;
  ServerThread server([&held](std::shared_ptr<HttpExchange> exchange) {
    exchange->BeginStream(200, kPlain);
    held = std::move(exchange);
  });
  RawSocket client = RawSocket::Connect(server.port());
  client.Send(Post(""));
  CHECK(client.ReadUntil("\r\n\r\n").find("\r\nTransfer-Encoding: chunked\r\n") !=
        std::string::npos);
  server.thread().Do([&] { held->Write("data: 1\n\n"); });
  CHECK(client.ReadUntil("\n\n\r\n") == "9\r\ndata: 1\n\n\r\n");
  server.thread().Do([&] {
    held->Write("");
    held->Write("data: 2\n\n");
    CHECK(held->is_open());
    held->EndStream();
    CHECK_FALSE(held->is_open());
    held.reset();
  });
  CHECK(client.ReadUntil("0\r\n\r\n") == "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  client.Send(Post(""));
  CHECK(client.ReadUntil("\r\n\r\n").starts_with("HTTP/1.1 200"));
  server.thread().Do([&] { held.reset(); });
  CHECK_FALSE(client.ReadAll().ends_with("0\r\n\r\n"));
  CHECK(client.has_ended());
}

TEST_CASE("a handler hears once that its client has gone") {
  std::shared_ptr<HttpExchange> held;
  std::atomic<int> closed = 0;
  std::atomic<bool> was_open = true;
  ServerThread server([&](std::shared_ptr<HttpExchange> exchange) {
    exchange->set_on_closed([&] {
      was_open = held->is_open();
      held->Respond(200, kPlain, "too late");
      ++closed;
      held.reset();
    });
    held = std::move(exchange);
  });
  {
    RawSocket client = RawSocket::Connect(server.port());
    client.Send(Post("x"));
    REQUIRE(Soon([&] { return server.server().counts().requests.load() == 1; }));
  }
  CHECK(Soon([&] { return closed == 1; }));
  CHECK(Soon([&] { return server.server().counts().open.load() == 0; }));
  CHECK(closed == 1);
  CHECK_FALSE(was_open);
}

TEST_CASE("a request that its handler drops is answered with 500") {
  ServerThread server([](const std::shared_ptr<HttpExchange>&) {});
  RawSocket client = RawSocket::Connect(server.port());
  client.Send(Post("x"));
  client.ReadAnswer();
  CHECK(client.status() == 500);
  CHECK(client.ReadAll().empty());
}

TEST_CASE("a client that does not take its stream is cut, and others are not held up") {
  std::shared_ptr<HttpExchange> held;
  std::atomic<bool> is_closed = false;
  ServerThread server([&](std::shared_ptr<HttpExchange> exchange) {
    if (exchange->head().path == "/echo") return Echo(exchange);
    exchange->BeginStream(200, kPlain);
    exchange->set_on_closed([&] { is_closed = true; });
    held = std::move(exchange);
  });
  RawSocket slow = RawSocket::Connect(server.port());
  slow.Send(Post(""));
  REQUIRE(slow.ReadUntil("\r\n\r\n").starts_with("HTTP/1.1 200"));
  // One event may be longer than the limit.
  server.thread().Do([&] {
    held->Write(std::string(3'000'000, 'x'));
    CHECK(held->is_open());
  });
  int writes = 0;
  while (!is_closed && writes < 1'000) {
    server.thread().Do([&] {
      if (held->is_open()) held->Write(std::string(100'000, 'x'));
      CHECK(held->queued_bytes() < 3'000'000 + kStreamQueueBytesMax);
    });
    ++writes;
  }
  CHECK(is_closed);
  CHECK(writes < 1'000);
  CHECK(server.server().counts().cut_slow.load() == 1);
  RawSocket other = RawSocket::Connect(server.port());
  other.Send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(other.ReadAnswer() == "GET /echo ");
  server.thread().Do([&] { held.reset(); });
}

TEST_CASE("who is slow or idle is cut") {
  HttpServerOptions options;
  options.idle_timeout = milliseconds(150);
  options.head_timeout = milliseconds(200);
  options.body_timeout = milliseconds(250);
  options.write_timeout = milliseconds(300);
  ServerThread server(
      [](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->Respond(200, kPlain, std::string(20'000'000, 'x'));
      },
      options);
  RawSocket idle = RawSocket::Connect(server.port());
  CHECK(idle.ReadAll().empty());
  CHECK(idle.has_ended());
  RawSocket dripping = RawSocket::Connect(server.port());
  for (const char byte : std::string_view("POST /x HT")) {
    dripping.Send({&byte, 1});
    std::this_thread::sleep_for(milliseconds(40));
  }
  dripping.ReadAnswer();
  CHECK(dripping.status() == 408);
  RawSocket half = RawSocket::Connect(server.port());
  half.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  half.ReadAnswer();
  CHECK(half.status() == 408);
  RawSocket deaf = RawSocket::Connect(server.port());
  deaf.Send(Post(""));
  CHECK(Soon([&] { return server.server().counts().open.load() == 0; }));
  CHECK(server.server().counts().timed_out.load() == 4);
}

TEST_CASE("connections are at most so many") {
  HttpServerOptions options;
  options.connections_max = 2;
  ServerThread server(Echo, options);
  RawSocket first = RawSocket::Connect(server.port());
  RawSocket second = RawSocket::Connect(server.port());
  first.Send(Post("1"));
  second.Send(Post("2"));
  CHECK(first.ReadAnswer() == "POST /x 1");
  CHECK(second.ReadAnswer() == "POST /x 2");
  RawSocket third = RawSocket::Connect(server.port());
  CHECK(third.ReadAll().empty());
  CHECK(third.has_ended());
  CHECK(server.server().counts().turned_away.load() == 1);
}

TEST_CASE("draining answers what is there, closes what is idle, and takes nothing new") {
  std::shared_ptr<HttpExchange> held;
  ServerThread server([&held](std::shared_ptr<HttpExchange> exchange) {
    if (exchange->body() == "hold") {
      held = std::move(exchange);
    } else {
      Echo(exchange);
    }
  });
  const std::uint16_t port = server.port();
  RawSocket idle = RawSocket::Connect(port);
  idle.Send(Post("x"));
  CHECK(idle.ReadAnswer() == "POST /x x");
  RawSocket busy = RawSocket::Connect(port);
  busy.Send(Post("hold"));
  REQUIRE(Soon([&] { return server.server().counts().requests.load() == 2; }));
  std::atomic<bool> is_done = false;
  server.thread().Do([&] { server.server().Drain([&is_done] { is_done = true; }); });
  CHECK(idle.ReadAll().empty());
  CHECK(idle.has_ended());
  std::this_thread::sleep_for(milliseconds(30));
  CHECK_FALSE(is_done);
  server.thread().Do([&] {
    held->Respond(200, kPlain, "last");
    held.reset();
  });
  CHECK(busy.ReadAnswer() == "last");
  CHECK(busy.head().find("Connection: close") != std::string::npos);
  CHECK(busy.ReadAll().empty());
  busy = RawSocket(Descriptor());
  CHECK(Soon([&] { return is_done.load(); }));
}

TEST_CASE("a connection moves to another loop with its request, and what stands behind it") {
  std::thread::id ran_in;
  std::mutex mutex;
  ServerThread target([&](const std::shared_ptr<HttpExchange>& exchange) {
    const std::lock_guard lock(mutex);
    ran_in = std::this_thread::get_id();
    exchange->Respond(200, kPlain, "moved " + std::string(exchange->body()));
  });
  HttpServer* own = nullptr;
  ServerThread source([&](std::shared_ptr<HttpExchange> exchange) {
    own->Move(std::move(exchange), target.server());
  });
  own = &source.server();
  RawSocket client = RawSocket::Connect(source.port());
  client.Send(Post("one") + Post("two"));
  CHECK(client.ReadAnswer() == "moved one");
  CHECK(client.ReadAnswer() == "moved two");
  client.Send(Post("three"));
  CHECK(client.ReadAnswer() == "moved three");
  const std::lock_guard lock(mutex);
  CHECK(ran_in == target.thread().Do([] { return std::this_thread::get_id(); }));
  CHECK(source.server().counts().moved_away.load() == 1);
  CHECK(source.server().counts().open.load() == 0);
  CHECK(target.server().counts().open.load() == 1);
}

TEST_CASE("connections that move to and fro all the time lose nothing") {
  constexpr int kServers = 3;
  constexpr int kClients = 8;
  constexpr int kRequests = 200;
  std::vector<std::unique_ptr<ServerThread>> servers(kServers);
  std::atomic<bool> is_ready = false;
  // /N is answered by server N, whichever got it.
  for (int i = 0; i < kServers; ++i) {
    servers[static_cast<std::size_t>(i)] =
        std::make_unique<ServerThread>([&, i](std::shared_ptr<HttpExchange> exchange) {
          if (!is_ready) return;
          const int wanted = exchange->head().path[1] - '0';
          if (wanted == i) return Echo(exchange);
          HttpServer& own = servers[static_cast<std::size_t>(i)]->server();
          own.Move(std::move(exchange), servers[static_cast<std::size_t>(wanted)]->server());
        });
  }
  is_ready = true;
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int c = 0; c < kClients; ++c) {
    // Connected here: assertions belong to one thread.
    auto socket = std::make_shared<RawSocket>(
        RawSocket::Connect(servers[static_cast<std::size_t>(c % kServers)]->port()));
    clients.emplace_back([&, c, socket] {
      RawSocket& client = *socket;
      for (int i = 0; i < kRequests; ++i) {
        const std::string path = "/" + std::to_string((i * 7 + c) % kServers);
        const std::string text = std::to_string(i);
        client.Send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                    std::to_string(text.size()) + "\r\n\r\n" + text);
        if (client.ReadAnswer() == "POST " + path + " " + text) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(good == kClients * kRequests);
}

TEST_CASE("a connection on its way to a server that has gone is closed") {
  auto target = std::make_unique<LoopThread>();
  HttpServer* own = nullptr;
  std::unique_ptr<HttpServer> gone;
  struct Nobody final : HttpHandler {
    void OnRequest(std::shared_ptr<HttpExchange>) override {}
  } nobody;
  target->Do([&] { gone = std::move(*HttpServer::Listen(target->loop(), {}, nobody)); });
  std::promise<void> is_moved;
  ServerThread source([&](std::shared_ptr<HttpExchange> exchange) {
    own->Move(std::move(exchange), *gone);
    is_moved.set_value();
  });
  own = &source.server();
  RawSocket client = RawSocket::Connect(source.port());
  // The target is busy until the connection is on its way, and its server gone before it comes.
  std::promise<void> is_busy;
  target->loop().Post([&] {
    is_busy.set_value();
    is_moved.get_future().wait();
    std::this_thread::sleep_for(milliseconds(50));
    gone.reset();
  });
  is_busy.get_future().wait();
  client.Send(Post("x"));
  CHECK(client.ReadAll().empty());
  CHECK(client.has_ended());
  target->Stop();
}

std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_CASE("an idle connection keeps little memory") {
  constexpr std::size_t kConnections = 400;  // with both ends in this process: 800 descriptors
  ServerThread server(Echo);
  const std::size_t before = ResidentBytes();
  std::vector<RawSocket> clients;
  const std::string body(4'000, 'x');
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.push_back(RawSocket::Connect(server.port()));
    clients.back().Send(Post(body));
    REQUIRE(clients.back().ReadAnswer().size() == body.size() + 8);
  }
  CHECK(server.server().counts().open.load() == kConnections);
#if POLICY_SANITIZED
  constexpr std::size_t kEachMax = 1'000'000;  // they keep what was freed
#else
  constexpr std::size_t kEachMax = 16'384;
#endif
  CHECK((ResidentBytes() - before) / kConnections < kEachMax);
}

TEST_CASE("what cannot be listened on says so") {
  LoopThread thread;
  struct Nobody final : HttpHandler {
    void OnRequest(std::shared_ptr<HttpExchange>) override {}
  } nobody;
  HttpServerOptions options;
  options.address = "localhost";
  thread.Do([&] {
    const auto none = HttpServer::Listen(thread.loop(), options, nobody);
    REQUIRE_FALSE(none);
    CHECK(none.error() ==
          "cannot listen on localhost port 0: it is neither an IPv4 nor an IPv6 address");
    options.address = "127.0.0.1";
    auto first = HttpServer::Listen(thread.loop(), options, nobody);
    REQUIRE(first);
    options.port = (*first)->port();
    CHECK_FALSE(HttpServer::Listen(thread.loop(), options, nobody));
  });
}

}  // namespace
}  // namespace policy::transport
