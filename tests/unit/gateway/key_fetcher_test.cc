// Keys of an authorization server, fetched over TLS from one that the test is.
#include "runtime/gateway/access/key_fetcher.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "runtime/transport/tls_server.h"
#include "tests/unit/gateway/test_issuer.h"
#include "tests/unit/limits/hand_clock.h"
#include "tests/unit/transport/http/certificates.h"
#include "tests/unit/transport/http/loop_thread.h"

namespace policy::gateway {
namespace {

// What the fetcher told, waited for.
class Told {
 public:
  void Keys(std::shared_ptr<const KeySet> keys, std::int64_t until_s) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    until_s_ = until_s;
    ++key_count_;
    told_.notify_all();
  }
  void Line(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
    told_.notify_all();
  }
  // Whether so many key sets have come, at once or soon.
  bool HasKeys(int count, std::chrono::milliseconds wait = std::chrono::seconds(15)) {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, wait, [&] { return key_count_ >= count; });
  }
  bool HasLines(std::size_t count) {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, std::chrono::seconds(15), [&] { return lines_.size() >= count; });
  }
  std::string last_line() {
    const std::lock_guard lock(mutex_);
    return lines_.back();
  }
  std::int64_t until_s() {
    const std::lock_guard lock(mutex_);
    return until_s_;
  }
  std::size_t key_count() {
    const std::lock_guard lock(mutex_);
    return keys_->size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::shared_ptr<const KeySet> keys_;
  std::int64_t until_s_ = 0;
  int key_count_ = 0;
  std::vector<std::string> lines_;
};

// The authorization server: answers with what it is told to.
class KeyServer {
 public:
  explicit KeyServer(const transport::Certificates& files)
      : server_(
            [this](const std::shared_ptr<transport::HttpExchange>& exchange) { Answer(*exchange); },
            WithTls(files)) {}

  void Say(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  std::string url() const {
    return "https://localhost:" + std::to_string(server_.port()) + "/jwks";
  }

 private:
  static transport::HttpServerOptions WithTls(const transport::Certificates& files) {
    transport::HttpServerOptions options;
    options.tls = transport::TlsServer::Make({.certificate_path = files.path("server.pem"),
                                              .key_path = files.path("server.key"),
                                              .client_ca_path = {}})
                      .value();
    return options;
  }
  void Answer(transport::HttpExchange& exchange) {
    const std::lock_guard lock(mutex_);
    exchange.Respond(exchange.head().path == "/jwks" ? status_ : 404, {}, body_);
  }

  std::mutex mutex_;
  int status_ = 200;
  std::string body_;
  transport::ServerThread server_;
};

}  // namespace

TEST_CASE("keys are fetched, kept, fetched again, and asked for no oftener than allowed") {
  const transport::Certificates files;
  const TestIssuer issuer(SignatureAlgorithm::Es256);
  KeyServer server(files);
  server.Say(200, issuer.JwkSet("k1"));
  transport::LoopThread thread;
  HandClock clock;
  Told told;
  const auto wants = std::make_shared<std::atomic<bool>>(false);
  OauthConfig oauth;
  oauth.jwks_url = server.url();
  oauth.jwks_ca_path = files.path("authority.pem");
  oauth.jwks_refresh_ms = 300'000;
  oauth.jwks_stale_ms = 1'000'000;
  std::unique_ptr<KeyFetcher> fetcher;
  const auto advance = [&](std::int64_t seconds) {
    thread.Do([&] { clock.Advance(seconds * kSecond); });
  };
  advance(1'000'000);
  std::int64_t began_s = 0;
  thread.Do([&] {
    began_s = clock.WallNanoseconds() / kSecond;
    fetcher = KeyFetcher::Start(
                  thread.loop(), clock,
                  {.oauth = oauth,
                   .wants_keys = wants,
                   .take = [&](auto keys, std::int64_t until_s) { told.Keys(keys, until_s); },
                   .say = [&](const std::string& line) { told.Line(line); }})
                  .value();
  });
  REQUIRE(told.HasKeys(1));
  CHECK(told.until_s() == began_s + 1'000);
  CHECK(told.key_count() == 1);

  // Asked for by a token: not sooner than half a minute after the last time.
  wants->store(true);
  CHECK_FALSE(told.HasKeys(2, std::chrono::milliseconds(1'500)));
  advance(31);
  REQUIRE(told.HasKeys(2));
  CHECK_FALSE(wants->load());

  // What cannot be used changes nothing, and is said once.
  server.Say(500, "");
  advance(301);
  REQUIRE(told.HasLines(1));
  CHECK(told.last_line().find("status 500") != std::string::npos);
  server.Say(200, R"({"keys":[{"kty":"oct","k":"AAAA"}]})");
  advance(11);
  CHECK_FALSE(told.HasKeys(3, std::chrono::milliseconds(1'500)));
  server.Say(200, issuer.JwkSet("k2"));
  advance(11);
  REQUIRE(told.HasKeys(3));
  REQUIRE(told.HasLines(2));
  CHECK(told.last_line() == "keys of the issuer are fetched again");
  thread.Do([&] { fetcher.reset(); });
}

TEST_CASE("keys from who is not the authorization server are not taken") {
  const transport::Certificates files;
  KeyServer server(files);
  server.Say(200, TestIssuer(SignatureAlgorithm::Es256).JwkSet("k1"));
  transport::LoopThread thread;
  HandClock clock;
  Told told;
  OauthConfig oauth;
  oauth.jwks_url = server.url();
  oauth.jwks_ca_path = files.path("stranger.pem");
  std::unique_ptr<KeyFetcher> fetcher;
  thread.Do([&] {
    clock.Advance(1'000'000 * kSecond);
    fetcher = KeyFetcher::Start(
                  thread.loop(), clock,
                  {.oauth = oauth,
                   .wants_keys = std::make_shared<std::atomic<bool>>(false),
                   .take = [&](auto keys, std::int64_t until_s) { told.Keys(keys, until_s); },
                   .say = [&](const std::string& line) { told.Line(line); }})
                  .value();
  });
  REQUIRE(told.HasLines(1));
  CHECK(told.last_line().find("certificate is not accepted") != std::string::npos);
  CHECK_FALSE(told.HasKeys(1, std::chrono::milliseconds(10)));
  thread.Do([&] { fetcher.reset(); });
}

}  // namespace policy::gateway
