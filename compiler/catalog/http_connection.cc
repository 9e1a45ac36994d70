#include "compiler/catalog/http_connection.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/catalog/event_stream.h"
#include "compiler/catalog/response_match.h"

namespace policy::catalog {

namespace {

constexpr std::size_t kSessionIdBytesMax = 1'024;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// What comes back for one POST.
struct Exchange {
  std::string id;  // of the question; empty: none
  std::string content_type;
  std::string session_id;
  std::string body;  // not of an event stream
  EventStream events;
  std::size_t bytes = 0;
  std::optional<std::string> response;
  bool is_too_large = false;

  bool IsStream() const { return content_type.starts_with("text/event-stream"); }

  // False: no more is wanted.
  bool Take(std::string_view chunk) {
    bytes += chunk.size();
    is_too_large = bytes > kAnswerBytesMax;
    if (is_too_large) return false;
    if (!IsStream()) {
      body += chunk;
      return true;
    }
    events.Append(chunk);
    while (auto data = events.Next()) {
      if (MatchMessage(*data, id).role != MessageRole::Response) continue;
      response = std::move(data);
      return false;
    }
    return true;
  }

  void TakeHeader(std::string_view line) {
    const std::size_t colon = line.find(':');
    // The head of a new response, after one that was informational.
    if (line.starts_with("HTTP/")) content_type.clear();
    if (colon == std::string_view::npos) return;
    const std::string name = LowerCase(line.substr(0, colon));
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (name == "content-type") content_type = LowerCase(value);
    if (name == "mcp-session-id" && value.size() <= kSessionIdBytesMax) session_id = value;
  }
};

std::size_t OnBody(char* data, std::size_t, std::size_t size, void* exchange) {
  return static_cast<Exchange*>(exchange)->Take({data, size}) ? size : 0;
}
std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* exchange) {
  static_cast<Exchange*>(exchange)->TakeHeader({data, size});
  return size;
}

class HttpConnection final : public ServerConnection {
 public:
  HttpConnection(std::string url, std::unique_ptr<CURL, EasyDeleter> easy)
      : url_(std::move(url)), easy_(std::move(easy)) {}

  ~HttpConnection() override {
    if (session_id_.empty()) return;
    Exchange exchange;
    static_cast<void>(Send("DELETE", "", "", exchange));  // a courtesy
  }

  std::expected<std::string, std::string> Ask(const Question& question) override {
    Exchange exchange{.id = question.id,
                      .content_type = {},
                      .session_id = {},
                      .body = {},
                      .events = {},
                      .response = {}};
    const auto status = Send("POST", question.text, question.method, exchange);
    if (!exchange.session_id.empty()) session_id_ = exchange.session_id;
    if (exchange.response) return *std::move(exchange.response);
    if (!status) return std::unexpected(fmt::format("{}: {}", question.method, status.error()));
    if (MatchMessage(exchange.body, question.id).role == MessageRole::Response) {
      return std::move(exchange.body);
    }
    return std::unexpected(fmt::format("{} is answered with HTTP status {} and no response",
                                       question.method, *status));
  }

  std::expected<void, std::string> Tell(const std::string& notification) override {
    Exchange exchange;
    const auto status = Send("POST", notification, "", exchange);
    if (!status) return std::unexpected(status.error());
    return {};
  }

  void Agree(std::string_view version) override { version_ = version; }

 private:
  using Headers = std::unique_ptr<curl_slist, ListDeleter>;

  static void Add(Headers& headers, const std::string& line) {
    if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str())) {
      static_cast<void>(headers.release());
      headers.reset(longer);
    }
  }

  Headers HeadersFor(std::string_view method) const {
    Headers headers;
    Add(headers, "Content-Type: application/json");
    Add(headers, "Accept: application/json, text/event-stream");
    Add(headers, "Accept-Encoding: identity");
    Add(headers, "Expect:");
    if (!version_.empty()) Add(headers, "MCP-Protocol-Version: " + version_);
    if (!session_id_.empty()) Add(headers, "Mcp-Session-Id: " + session_id_);
    // The stateless era wants the method where intermediaries can see it.
    if (version_ >= "2026-07-28" && !method.empty()) {
      Add(headers, "Mcp-Method: " + std::string(method));
    }
    return headers;
  }

  // The status of the response.
  std::expected<long, std::string> Send(const char* verb, const std::string& body,
                                        std::string_view method, Exchange& exchange) {
    CURL* const easy = easy_.get();
    curl_easy_reset(easy);
    const Headers headers = HeadersFor(method);
    const auto time_ms = static_cast<long>(std::chrono::milliseconds(kAnswerTimeMax).count());
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, time_ms);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, verb);
    if (!body.empty()) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
    const CURLcode code = curl_easy_perform(easy);
    if (exchange.is_too_large) {
      return std::unexpected(fmt::format("the answer has more than {} bytes", kAnswerBytesMax));
    }
    if (code != CURLE_OK && !exchange.response) return std::unexpected(curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  std::string url_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::string version_;
  std::string session_id_;
};

}  // namespace

std::expected<std::unique_ptr<ServerConnection>, std::string> ConnectTo(const std::string& url) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return std::unexpected("the HTTP library cannot be set up");
  }
  std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  if (easy == nullptr) return std::unexpected("the HTTP library cannot be set up");
  return std::make_unique<HttpConnection>(url, std::move(easy));
}

}  // namespace policy::catalog
