// http_relay PORT UPSTREAM_URL: a reverse proxy on policyd's transport that reads no message,
// judges nothing and logs nothing. What policyd adds to it is policy.
#include <signal.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/http_client.h"
#include "runtime/transport/http/http_server.h"

namespace {

using policy::transport::EventLoop;
using policy::transport::HttpCall;
using policy::transport::HttpClient;
using policy::transport::HttpExchange;
using policy::transport::HttpFailure;
using policy::transport::HttpHandler;
using policy::transport::HttpHeader;
using policy::transport::HttpResponseHandler;
using policy::transport::HttpResponseHead;
using policy::transport::HttpServer;

class Relay;

// One request on its way.
class Relayed final : public HttpResponseHandler {
 public:
  Relayed(Relay& relay, std::shared_ptr<HttpExchange> exchange)
      : relay_(relay), exchange_(std::move(exchange)) {}

  void Begin(HttpClient& client);
  HttpExchange& exchange() { return *exchange_; }

 private:
  void OnHead(const HttpResponseHead& head) override {
    status_ = head.status;
    type_ = head.headers.Find("content-type").value_or("application/json");
    is_stream_ = !head.content_length;
    if (!is_stream_) return;
    const HttpHeader type{"Content-Type", type_};
    exchange_->BeginStream(status_, {&type, 1});
  }
  void OnBody(std::string_view bytes) override {
    if (is_stream_) {
      exchange_->Write(bytes);
    } else {
      body_.append(bytes);
    }
  }
  void OnEnd() override;
  void OnFailure(const HttpFailure& failure) override;

  Relay& relay_;
  std::shared_ptr<HttpExchange> exchange_;
  std::unique_ptr<HttpCall> call_;
  int status_ = 0;
  std::string type_;
  std::string body_;
  bool is_stream_ = false;
};

class Relay final : public HttpHandler {
 public:
  explicit Relay(HttpClient& client) : client_(client) {}

  void OnRequest(std::shared_ptr<HttpExchange> exchange) override {
    auto relayed = std::make_unique<Relayed>(*this, std::move(exchange));
    Relayed& one = *relayed;
    open_.emplace(&one, std::move(relayed));
    one.exchange().set_on_closed([this, &one] { open_.erase(&one); });
    one.Begin(client_);
  }
  void Forget(Relayed& one) { open_.erase(&one); }

 private:
  HttpClient& client_;
  std::unordered_map<Relayed*, std::unique_ptr<Relayed>> open_;
};

void Relayed::Begin(HttpClient& client) {
  constexpr std::array<std::string_view, 4> kPassed = {"content-type", "accept", "mcp-session-id",
                                                       "mcp-protocol-version"};
  std::array<HttpHeader, kPassed.size()> headers;
  std::size_t count = 0;
  for (const std::string_view name : kPassed) {
    if (const auto value = exchange_->head().headers.Find(name)) headers[count++] = {name, *value};
  }
  call_ = client.Send({.method = exchange_->head().method,
                       .headers = std::span(headers).first(count),
                       .body = exchange_->body()},
                      *this);
}

void Relayed::OnEnd() {
  const HttpHeader type{"Content-Type", type_};
  if (is_stream_) {
    exchange_->EndStream();
  } else {
    exchange_->Respond(status_, {&type, 1}, body_);
  }
  relay_.Forget(*this);
}

void Relayed::OnFailure(const HttpFailure& failure) {
  if (!exchange_->has_begun()) exchange_->Respond(502, {}, failure.text);
  relay_.Forget(*this);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::uint16_t port = 0;
  const std::string_view text = arguments[1];
  if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc()) return 2;
  signal(SIGPIPE, SIG_IGN);
  const auto loop = EventLoop::Make();
  if (!loop) return 2;
  const auto client = HttpClient::Make(**loop, {.url = arguments[2]});
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().c_str());
    return 2;
  }
  Relay relay(**client);
  const auto server = HttpServer::Listen(**loop, {.port = port}, relay);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().c_str());
    return 2;
  }
  std::puts("listening");
  std::fflush(stdout);
  (*loop)->Run();
}
