#include "runtime/transport/http/http_client.h"

#include <utility>

#include "runtime/transport/http/client_pool.h"

namespace policy::transport {

HttpCall::~HttpCall() {
  if (pool_ != nullptr) pool_->Withdraw(*this);
  if (connection_ != nullptr) connection_->Forget();
}

void HttpCall::OnDeadline() {
  if (pool_ != nullptr) pool_->WaitedTooLong(*this);
}

void HttpCall::Pause() {
  is_paused_ = true;
  if (connection_ != nullptr) connection_->SetPaused(true);
}

void HttpCall::Resume() {
  is_paused_ = false;
  if (connection_ != nullptr) connection_->SetPaused(false);
}

std::expected<std::unique_ptr<HttpClient>, std::string> HttpClient::Make(
    EventLoop& loop, HttpClientOptions options) {
  auto url = ParseHttpUrl(options.url);
  if (!url) return std::unexpected(std::move(url.error()));
  std::optional<TlsClient> tls;
  if (url->is_https) {
    auto made = TlsClient::Make({.ca_path = options.ca_path,
                                 .certificate_path = options.certificate_path,
                                 .key_path = options.key_path});
    if (!made) return std::unexpected(std::move(made.error()));
    tls.emplace(std::move(*made));
  }
  return std::unique_ptr<HttpClient>(new HttpClient(
      std::make_unique<ClientPool>(loop, std::move(options), std::move(*url), std::move(tls))));
}

HttpClient::HttpClient(std::unique_ptr<ClientPool> pool) : pool_(std::move(pool)) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpCall> HttpClient::Send(const HttpRequest& request,
                                           HttpResponseHandler& handler) {
  return pool_->Send(request, handler);
}

const HttpUrl& HttpClient::url() const { return pool_->url(); }

std::size_t HttpClient::open_connections() const { return pool_->size(); }

std::size_t HttpClient::idle_connections() const { return pool_->idle(); }

}  // namespace policy::transport
