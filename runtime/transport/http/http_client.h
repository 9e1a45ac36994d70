// Requests to one upstream over HTTP/1.1: connections are kept and used again, certificates are
// checked, redirects are never followed.
//
//   auto client = HttpClient::Make(loop, {.url = "https://mcp.example.com/mcp"});
//   call_ = (*client)->Send({.method = "POST", .headers = headers, .body = bytes}, *this);
//
// Accept-Encoding: identity is sent, and a response in any other encoding fails.
#ifndef RUNTIME_TRANSPORT_HTTP_HTTP_CLIENT_H_
#define RUNTIME_TRANSPORT_HTTP_HTTP_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/transport/deadlines.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/http/http_head.h"
#include "runtime/transport/http/http_limits.h"
#include "runtime/transport/http/http_url.h"

namespace policy::transport {

class ClientConnection;
class ClientPool;

struct HttpFailure {
  enum class Kind : std::uint8_t {
    NotSent,  // not one byte of the request was given to a connection: the upstream cannot know it
    Sent,     // the upstream may have acted on it
  };
  Kind kind = Kind::Sent;
  std::string text;  // a sentence without its full stop, for people
};

// Hears of one call, in the loop: OnHead, OnBody any number of times, OnEnd; or OnFailure at any
// point. Nothing follows OnEnd and OnFailure. The call may be destroyed in each of them.
class HttpResponseHandler {
 public:
  virtual void OnHead(const HttpResponseHead& head) = 0;  // `head` is valid until it returns
  virtual void OnBody(std::string_view bytes) = 0;        // never empty; valid until it returns
  virtual void OnEnd() = 0;
  virtual void OnFailure(const HttpFailure& failure) = 0;

 protected:
  ~HttpResponseHandler() = default;
};

struct HttpRequest {
  std::string_view method = {};
  std::string_view target = {};  // path and query; empty: that of the client's URL
  // Without Host, Content-Length, Transfer-Encoding, Connection and Accept-Encoding, which are
  // added. A call with one that is no header fails.
  std::span<const HttpHeader> headers = {};
  std::string_view body = {};  // POST and PUT have one, if an empty one
  // Sent once more if a connection that was kept ends before the first byte of the response. Only
  // for what makes nothing happen.
  bool is_repeatable = false;
  std::chrono::milliseconds first_byte_timeout{0};  // of the response; 0: the client's
  std::chrono::milliseconds silence_timeout{0};     // between two parts of a body; 0: none
};

// A request on its way. Destroyed before it has ended it is cancelled: its connection is closed, or
// it is never sent. Lives in its client's loop; not thread-safe.
class HttpCall final : Deadline {
 public:
  HttpCall(const HttpCall&) = delete;  // a connection refers to it
  HttpCall& operator=(const HttpCall&) = delete;
  ~HttpCall() override;

  // Stops reading the response, so that the upstream slows down; what is read already is still
  // given. Goes on.
  void Pause();
  void Resume();

 private:
  friend class ClientConnection;
  friend class ClientPool;

  explicit HttpCall(HttpResponseHandler& handler) : handler_(handler) {}
  void OnDeadline() override;

  HttpResponseHandler& handler_;
  ClientPool* pool_ = nullptr;              // where it waits for a connection; else null
  ClientConnection* connection_ = nullptr;  // that it is on; else null
  std::string bytes_;                       // while it waits
  std::string trouble_;                     // why it cannot be sent; empty: it can
  std::chrono::milliseconds first_byte_timeout_{0};
  std::chrono::milliseconds silence_timeout_{0};
  bool is_head_ = false;
  bool is_repeatable_ = false;
  bool is_repeated_ = false;
  bool is_paused_ = false;
};

struct HttpClientOptions {
  std::string url = {};      // http or https
  std::string ca_path = {};  // who signs the upstream's certificate, PEM; empty: the system's
  std::string certificate_path = {};  // what we show, PEM, with its chain; empty: nothing
  std::string key_path = {};
  std::chrono::milliseconds connect_timeout = kConnectTimeout;
  std::chrono::milliseconds first_byte_timeout = kFirstByteTimeout;
  std::chrono::milliseconds pool_timeout = kPoolTimeout;
  std::size_t connections_max = kClientConnectionsMax;
};

// Lives in its loop; not thread-safe. One for each loop and upstream.
class HttpClient {
 public:
  // `loop` outlives the client. The error is a sentence. Reads the certificates; connects to
  // nothing.
  static std::expected<std::unique_ptr<HttpClient>, std::string> Make(EventLoop& loop,
                                                                      HttpClientOptions options);
  HttpClient(const HttpClient&) = delete;  // connections refer to it
  HttpClient& operator=(const HttpClient&) = delete;
  // Its calls fail no more: they stay silent. Not from within a handler of it.
  ~HttpClient();

  // Never calls `handler` before it returns. `handler` outlives the call. What `request` refers to
  // is copied.
  [[nodiscard]] std::unique_ptr<HttpCall> Send(const HttpRequest& request,
                                               HttpResponseHandler& handler);

  const HttpUrl& url() const;
  std::size_t open_connections() const;
  std::size_t idle_connections() const;

 private:
  explicit HttpClient(std::unique_ptr<ClientPool> pool);

  std::unique_ptr<ClientPool> pool_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HTTP_CLIENT_H_
