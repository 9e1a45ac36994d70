// One request that has arrived, and its answer: the server's side of HTTP as a handler sees it.
//
//   void OnRequest(std::shared_ptr<HttpExchange> exchange) override {
//     exchange->Respond(200, {{{"Content-Type", "application/json"}}}, "{}");
//   }
#ifndef RUNTIME_TRANSPORT_HTTP_HTTP_EXCHANGE_H_
#define RUNTIME_TRANSPORT_HTTP_HTTP_EXCHANGE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/transport/http/byte_budget.h"
#include "runtime/transport/http/http_head.h"

namespace policy::transport {

class HttpServer;
class ServerConnection;

struct HttpPeer {
  std::string address;  // without the port
  bool is_loopback = false;
  // Of the certificate that the client showed and its authority signed; empty without one.
  std::string certificate_subject;  // RFC 2253
  std::string certificate_sha256;   // of the DER, 64 hexadecimal digits in lower case
};

// Lives in its server's loop; not thread-safe. Who drops it unanswered has it answered with 500;
// who drops it in the middle of a stream cuts the connection.
class HttpExchange {
 public:
  HttpExchange(const HttpExchange&) = delete;  // a connection refers to it
  HttpExchange& operator=(const HttpExchange&) = delete;
  ~HttpExchange();

  // These stay as they are as long as the exchange, also when the client has gone.
  const HttpRequestHead& head() const { return head_; }
  std::string_view body() const { return body_; }
  const HttpPeer& peer() const { return *peer_; }

  // The whole answer. Content-Length, Date and, where it is the last, Connection are added; the
  // body is left out for HEAD, and where the status has none. A header that holds a control
  // character is left out. REQUIRES: nothing was answered yet; `status` is 200 to 599; no header is
  // one of those added.
  void Respond(int status, std::span<const HttpHeader> headers, std::string_view body);

  // An answer in parts: chunked, or until the end of the connection for HTTP/1.0. What is written
  // is sent together when the handler that wrote it has returned. A client that leaves more than
  // kStreamQueueBytesMax lying is cut; one write may go past that. REQUIRES: as for Respond; Write
  // and EndStream between BeginStream and EndStream.
  void BeginStream(int status, std::span<const HttpHeader> headers);
  void Write(std::string_view bytes);
  void EndStream();

  bool has_begun() const { return has_begun_; }  // Respond or BeginStream were called
  // false: the answer is complete, or the client is gone; whatever is written has no effect.
  bool is_open() const;
  // What was written and the client's side has not taken.
  std::size_t queued_bytes() const;

  // Called once in the loop if the client goes away, or is cut, before the answer is complete. The
  // exchange may be dropped in it.
  void set_on_closed(std::function<void()> on_closed) { on_closed_ = std::move(on_closed); }

 private:
  friend class HttpServer;
  friend class ServerConnection;

  HttpExchange() = default;

  ServerConnection* connection_ = nullptr;  // null: answered, or gone
  std::shared_ptr<const HttpPeer> peer_;
  std::string bytes_;  // what head_ refers to, and body_ where it came with it
  std::string apart_;  // a body that came later, or in chunks
  std::vector<HttpHeader> headers_;
  HttpRequestHead head_;
  std::string_view body_;
  ByteBudget::Share counted_;
  std::function<void()> on_closed_;
  bool has_begun_ = false;
};

class HttpHandler {
 public:
  // A request has arrived whole. The next one of its connection comes when this is answered.
  virtual void OnRequest(std::shared_ptr<HttpExchange> exchange) = 0;

 protected:
  ~HttpHandler() = default;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HTTP_EXCHANGE_H_
