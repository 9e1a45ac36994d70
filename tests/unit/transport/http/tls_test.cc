// TLS on both sides of HTTP, with certificates of the test's own.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/transport/http/http_client.h"
#include "runtime/transport/http/http_server.h"
#include "runtime/transport/tls_server.h"
#include "tests/unit/transport/http/certificates.h"
#include "tests/unit/transport/http/loop_thread.h"
#include "tests/unit/transport/http/raw_socket.h"
#include "tests/unit/transport/http/recorded_call.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

constexpr std::array<HttpHeader, 1> kPlain = {{{"Content-Type", "text/plain"}}};

// Says who asked, and how much.
void Describe(const std::shared_ptr<HttpExchange>& exchange) {
  const HttpPeer& peer = exchange->peer();
  exchange->Respond(200, kPlain,
                    peer.certificate_subject + " " +
                        std::to_string(peer.certificate_sha256.size()) + " " +
                        std::to_string(exchange->body().size()));
}

HttpServerOptions WithTls(const TlsServer::Options& tls) {
  const auto made = TlsServer::Make(tls);
  REQUIRE(made);
  HttpServerOptions options;
  options.tls = *made;
  return options;
}

std::string Url(const char* host, const ServerThread& server) {
  return "https://" + std::string(host) + ":" + std::to_string(server.port()) + "/";
}

TEST_CASE("calls go over TLS, again on one connection, short and long") {
  const Certificates files;
  ServerThread server(Describe, WithTls({.certificate_path = files.path("server.pem"),
                                         .key_path = files.path("server.key")}));
  for (const char* const host : {"127.0.0.1", "localhost"}) {
    ClientThread client({.url = Url(host, server), .ca_path = files.path("authority.pem")});
    const std::string body(3'000'000, 'x');
    for (const std::size_t size : {std::size_t{2}, std::size_t{3'000'000}, std::size_t{100'000}}) {
      const auto call =
          client.Send({.method = "POST", .body = std::string_view(body).substr(0, size)});
      REQUIRE(call->Wait());
      CHECK(call->failure_text() == "");
      CHECK(call->body() == " 0 " + std::to_string(size));
    }
    CHECK(client.open() == 1);
  }
  CHECK(server.server().counts().accepted.load() == 2);
}

TEST_CASE("a certificate of another name or authority is not accepted") {
  const Certificates files;
  ServerThread other(Describe, WithTls({.certificate_path = files.path("other.pem"),
                                        .key_path = files.path("other.key")}));
  ServerThread server(Describe, WithTls({.certificate_path = files.path("server.pem"),
                                         .key_path = files.path("server.key")}));
  const auto fails = [](HttpClientOptions options) {
    ClientThread client(std::move(options));
    const auto call = client.Send({.method = "POST", .body = "secret"});
    REQUIRE(call->Wait());
    REQUIRE(call->failure());
    CHECK(call->failure()->kind == HttpFailure::Kind::NotSent);
    CHECK(call->failure()->text.find("its certificate is not accepted") != std::string::npos);
  };
  fails({.url = Url("localhost", other), .ca_path = files.path("authority.pem")});
  fails({.url = Url("127.0.0.1", other), .ca_path = files.path("authority.pem")});
  fails({.url = Url("localhost", server), .ca_path = files.path("stranger.pem")});
  fails({.url = Url("localhost", server)});
  CHECK(server.server().counts().requests.load() == 0);
  CHECK(other.server().counts().requests.load() == 0);
}

TEST_CASE("a client shows who it is where it has to") {
  const Certificates files;
  ServerThread server(Describe, WithTls({.certificate_path = files.path("server.pem"),
                                         .key_path = files.path("server.key"),
                                         .client_ca_path = files.path("authority.pem")}));
  ClientThread client({.url = Url("localhost", server),
                       .ca_path = files.path("authority.pem"),
                       .certificate_path = files.path("client.pem"),
                       .key_path = files.path("client.key")});
  const auto call = client.Send({.method = "POST"});
  REQUIRE(call->Wait());
  CHECK(call->body() == "CN=agent-1 64 0");
  for (const char* const name : {"stranger", ""}) {
    const std::string path = *name == 0 ? "" : files.path(name);
    ClientThread bad({.url = Url("localhost", server),
                      .ca_path = files.path("authority.pem"),
                      .certificate_path = path.empty() ? "" : path + ".pem",
                      .key_path = path.empty() ? "" : path + ".key"});
    const auto refused = bad.Send({.method = "POST"});
    REQUIRE(refused->Wait());
    CHECK(refused->failure());
  }
  CHECK(server.server().counts().requests.load() == 1);
}

TEST_CASE("a certificate that is asked for may be left out where it is not required") {
  const Certificates files;
  ServerThread server(Describe, WithTls({.certificate_path = files.path("server.pem"),
                                         .key_path = files.path("server.key"),
                                         .client_ca_path = files.path("authority.pem"),
                                         .requires_client = false}));
  ClientThread nobody({.url = Url("localhost", server), .ca_path = files.path("authority.pem")});
  const auto call = nobody.Send({.method = "POST"});
  REQUIRE(call->Wait());
  CHECK(call->body() == " 0 0");
  // But a bad one is not taken for none.
  ClientThread bad({.url = Url("localhost", server),
                    .ca_path = files.path("authority.pem"),
                    .certificate_path = files.path("stranger.pem"),
                    .key_path = files.path("stranger.key")});
  const auto refused = bad.Send({.method = "POST"});
  REQUIRE(refused->Wait());
  CHECK(refused->failure());
}

TEST_CASE("new connections get new certificates, and the others stay") {
  const Certificates files;
  ServerThread server(Describe, WithTls({.certificate_path = files.path("server.pem"),
                                         .key_path = files.path("server.key")}));
  const HttpClientOptions options{.url = Url("localhost", server),
                                  .ca_path = files.path("authority.pem")};
  ClientThread old(options);
  REQUIRE(old.Send({.method = "POST"})->Wait());
  auto other = TlsServer::Make(
      {.certificate_path = files.path("other.pem"), .key_path = files.path("other.key")});
  REQUIRE(other);
  server.thread().Do([&] { server.server().set_tls(*other); });
  const auto kept = old.Send({.method = "POST"});
  REQUIRE(kept->Wait());
  CHECK(kept->failure_text() == "");
  ClientThread fresh(options);
  const auto refused = fresh.Send({.method = "POST"});
  REQUIRE(refused->Wait());
  CHECK(refused->failure());
}

TEST_CASE("what is no TLS, or stops in its middle, is dropped") {
  const Certificates files;
  HttpServerOptions options =
      WithTls({.certificate_path = files.path("server.pem"), .key_path = files.path("server.key")});
  options.head_timeout = milliseconds(200);
  ServerThread server(Describe, options);
  RawSocket plain = RawSocket::Connect(server.port());
  plain.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  CHECK(plain.ReadAll().find("HTTP/1.1") == std::string::npos);
  CHECK(plain.has_ended());
  RawSocket silent = RawSocket::Connect(server.port());
  silent.ReadAll();
  CHECK(silent.has_ended());
  CHECK(server.server().counts().requests.load() == 0);
  CHECK(server.server().counts().failed_tls.load() == 1);
  CHECK(server.server().counts().timed_out.load() == 1);
}

TEST_CASE("a connection in TLS moves with its session") {
  const Certificates files;
  const HttpServerOptions options =
      WithTls({.certificate_path = files.path("server.pem"), .key_path = files.path("server.key")});
  ServerThread target(Describe, options);
  HttpServer* own = nullptr;
  ServerThread source(
      [&](std::shared_ptr<HttpExchange> exchange) {
        own->Move(std::move(exchange), target.server());
      },
      options);
  own = &source.server();
  ClientThread client({.url = Url("localhost", source), .ca_path = files.path("authority.pem")});
  const std::string body(1'000'000, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto call = client.Send({.method = "POST", .body = body});
    REQUIRE(call->Wait());
    CHECK(call->body() == " 0 1000000");
  }
  CHECK(target.server().counts().requests.load() == 2);
  CHECK(source.server().counts().moved_away.load() == 1);
}

TEST_CASE("certificates that cannot be used say so") {
  const Certificates files;
  const auto trouble = [](const TlsServer::Options& options) {
    const auto made = TlsServer::Make(options);
    return made ? std::string() : made.error();
  };
  CHECK(trouble({.certificate_path = "/no/such.pem", .key_path = files.path("server.key")})
            .starts_with("cannot read the certificate in /no/such.pem"));
  CHECK(trouble({.certificate_path = files.path("server.pem"), .key_path = "/no/such.key"})
            .starts_with("cannot use the key in /no/such.key"));
  CHECK(
      trouble({.certificate_path = files.path("server.pem"), .key_path = files.path("client.key")})
          .starts_with("cannot use the key"));
  CHECK(trouble({.certificate_path = files.path("server.pem"),
                 .key_path = files.path("server.key"),
                 .client_ca_path = "/no/such.pem"})
            .starts_with("cannot read the certificates in /no/such.pem"));
}

}  // namespace
}  // namespace policy::transport
