// http_echo_server PORT: an MCP server over Streamable HTTP that costs next to nothing, so that
// what is measured in front of it is the proxy. Says `listening` once it does.
//
// It understands the requests of bench_http_driver and no others. Every answer to tools/call is the
// same but for its id; a GET opens a stream that says nothing.
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/http_server.h"

namespace {

using policy::transport::EventLoop;
using policy::transport::HttpExchange;
using policy::transport::HttpHandler;
using policy::transport::HttpHeader;
using policy::transport::HttpServer;

constexpr std::string_view kInitialized =
    R"("result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"echo","version":"1"}}})";
constexpr std::string_view kTools =
    R"("result":{"tools":[{"name":"create_refund","description":"Pays money back.",)"
    R"("inputSchema":{"type":"object","properties":{"customer_id":{"type":"string"},)"
    R"("order_id":{"type":"string"},"amount":{"type":"number"},"currency":{"type":"string"},)"
    R"("reason":{"type":"string"}}}}]}})";
constexpr std::string_view kCalled = R"("result":{"content":[{"type":"text","text":"ok"}]}})";

// The text between `before` and the next comma, or nothing.
std::string_view FieldAfter(std::string_view line, std::string_view before) {
  const std::size_t begin = line.find(before);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = line.substr(begin + before.size());
  return rest.substr(0, rest.find(','));
}

std::string_view ResultFor(std::string_view method) {
  if (method.starts_with("\"tools/call\"")) return kCalled;
  if (method.starts_with("\"tools/list\"")) return kTools;
  if (method.starts_with("\"initialize\"")) return kInitialized;
  return {};
}

class Echo final : public HttpHandler {
 public:
  void OnRequest(std::shared_ptr<HttpExchange> exchange) override {
    if (exchange->head().method == "GET") return OpenStream(std::move(exchange));
    if (exchange->head().method != "POST") return exchange->Respond(200, {}, "");
    const std::string_view body = exchange->body();
    const std::string_view method = FieldAfter(body, R"("method":)");
    if (method.starts_with("\"notifications/")) return exchange->Respond(202, {}, "");
    const std::string_view id = FieldAfter(body, R"("id":)");
    const std::string_view result = ResultFor(method);
    if (id.empty() || result.empty()) return exchange->Respond(400, {}, "not understood");
    answer_.assign(R"({"jsonrpc":"2.0","id":)").append(id).append(",").append(result);
    const HttpHeader json{"Content-Type", "application/json"};
    exchange->Respond(200, {&json, 1}, answer_);
  }

 private:
  void OpenStream(std::shared_ptr<HttpExchange> exchange) {
    const HttpHeader events{"Content-Type", "text/event-stream"};
    exchange->BeginStream(200, {&events, 1});
    exchange->Write(": open\n\n");
    HttpExchange* const stream = exchange.get();
    stream->set_on_closed([this, stream] {
      std::erase_if(streams_, [stream](const auto& one) { return one.get() == stream; });
    });
    streams_.push_back(std::move(exchange));
  }

  std::string answer_;
  std::vector<std::shared_ptr<HttpExchange>> streams_;
};

}  // namespace

int main(int count, char** arguments) {
  std::uint16_t port = 0;
  const std::string_view text = count > 1 ? arguments[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc()) return 2;
  signal(SIGPIPE, SIG_IGN);
  Echo echo;
  const auto loop = EventLoop::Make();
  if (!loop) return 2;
  const auto server = HttpServer::Listen(**loop, {.port = port}, echo);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().c_str());
    return 2;
  }
  std::puts("listening");
  std::fflush(stdout);
  (*loop)->Run();
}
