#include "runtime/gateway/serve/sse_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/transport/http/sse.h"

namespace policy::gateway {

void SseClient::Open(std::shared_ptr<transport::HttpExchange> exchange, std::string_view endpoint) {
  exchange_ = std::move(exchange);
  const std::array<transport::HttpHeader, 3> headers = {{
      {"Content-Type", "text/event-stream"},
      {"Cache-Control", "no-cache, no-transform"},
      {"X-Accel-Buffering", "no"},
  }};
  exchange_->BeginStream(200, headers);
  event_.clear();
  transport::AppendSseEvent(event_, {.event = "endpoint", .data = endpoint, .has_data = true});
  exchange_->Write(event_);
}

void SseClient::Send(std::string_view bytes, Regarding) {
  if (exchange_ == nullptr || !exchange_->is_open()) return;
  was_quiet_ = false;
  std::string_view data = bytes;
  // Line ends between tokens are white space, and would end lines of the event.
  if (bytes.find_first_of("\r\n") != std::string_view::npos) {
    scratch_.assign(bytes);
    std::ranges::replace_if(scratch_, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    data = scratch_;
  }
  event_.clear();
  transport::AppendSseEvent(event_, {.event = "message", .data = data, .has_data = true});
  exchange_->Write(event_);
}

// There is no status to tell it by: the relay's error is what the client gets.
void SseClient::Fail(std::uint64_t, int, std::string_view) {}

void SseClient::KeepAlive() {
  if (exchange_ == nullptr || !exchange_->is_open() || !std::exchange(was_quiet_, true)) return;
  event_.clear();
  transport::AppendSseComment(event_, "keepalive");
  exchange_->Write(event_);
}

void SseClient::End(int, std::string_view) {
  // What is in flight is still answered: the session ends both sides twice.
  if (relay_.has_requests_in_flight()) return;
  if (exchange_ != nullptr && exchange_->is_open()) exchange_->EndStream();
  exchange_ = nullptr;
}

}  // namespace policy::gateway
