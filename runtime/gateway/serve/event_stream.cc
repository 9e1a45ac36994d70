#include "runtime/gateway/serve/event_stream.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "runtime/gateway/serve/http_answer.h"
#include "runtime/transport/http/sse.h"

namespace policy::gateway {

using transport::HttpHeader;

namespace {

constexpr std::string_view kEventStreamType = "text/event-stream";
constexpr std::string_view kJsonType = "application/json";

}  // namespace

std::string EventId::ToText() const { return std::to_string(stream) + "." + std::to_string(event); }

std::optional<EventId> ParseEventId(std::string_view text) {
  EventId id;
  const char* const end = text.data() + text.size();
  const auto stream = std::from_chars(text.data(), end, id.stream);
  if (stream.ec != std::errc() || stream.ptr == end || *stream.ptr != '.') return std::nullopt;
  const auto event = std::from_chars(stream.ptr + 1, end, id.event);
  if (event.ec != std::errc() || event.ptr != end) return std::nullopt;
  return id;
}

std::span<const HttpHeader> EventStream::Head(std::string_view media_type) {
  std::size_t count = 0;
  head_[count++] = {"Content-Type", media_type};
  if (media_type == kEventStreamType) {
    head_[count++] = {"Cache-Control", "no-cache, no-transform"};
    head_[count++] = {"X-Accel-Buffering", "no"};
  }
  if (session_id_ != nullptr && !session_id_->empty()) {
    head_[count++] = {"Mcp-Session-Id", *session_id_};
  }
  return {head_, count};
}

void EventStream::Listen(std::shared_ptr<transport::HttpExchange> exchange,
                         const std::string& session_id) {
  if (has_listener() && exchange_->has_begun()) exchange_->EndStream();
  exchange_ = std::move(exchange);
  session_id_ = &session_id;
}

void EventStream::Resume(std::shared_ptr<transport::HttpExchange> exchange,
                         const std::string& session_id, std::uint64_t event) {
  Listen(std::move(exchange), session_id);
  exchange_->BeginStream(200, Head(kEventStreamType));
  has_begun_ = true;
  for (const Kept& kept : kept_) {
    if (kept.number > event) exchange_->Write(kept.event);
  }
  if (is_finished_) EndListening();
}

void EventStream::Begin() {
  if (!has_listener() || exchange_->has_begun()) return;
  has_begun_ = true;
  exchange_->BeginStream(200, Head(kEventStreamType));
  if (options_.is_primed && options_.events_max != 0 && last_event_ == 0) Write({});
}

// An empty message is the event to resume from, before there is any other.
void EventStream::Write(std::string_view message) {
  ++last_event_;
  was_quiet_ = false;
  transport::SseEvent event{
      .event = "message", .id = {}, .data = message, .has_data = true, .retry = {}};
  if (message.empty()) event.event = {};
  // Line ends between tokens are white space, and would end lines of the event.
  if (message.find_first_of("\r\n") != std::string_view::npos) {
    scratch_.assign(message);
    std::ranges::replace_if(scratch_, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    event.data = scratch_;
  }
  const bool has_id = options_.events_max != 0;
  std::string id;
  if (has_id) {
    id = EventId{options_.number, last_event_}.ToText();
    event.id = id;
  }
  event_.clear();
  transport::AppendSseEvent(event_, event);
  if (has_listener()) exchange_->Write(event_);
  if (!has_id) return;
  kept_bytes_ += event_.size();
  kept_.push_back({last_event_, event_});
  while (kept_.size() > options_.events_max || kept_bytes_ > options_.bytes_max) {
    kept_bytes_ -= kept_.front().event.size();
    kept_.pop_front();
  }
}

void EventStream::Send(std::string_view message) {
  if (is_finished_) return;
  Begin();
  if (has_begun_ || options_.number == 0) Write(message);
}

void EventStream::Finish(std::string_view message, int status) {
  if (is_finished_) return;
  is_finished_ = true;
  if (!has_begun_) {
    if (has_listener()) exchange_->Respond(status, Head(kJsonType), message);
    exchange_ = nullptr;
    return;
  }
  Write(message);
  EndListening();
}

// What was written goes out all the same.
void EventStream::EndListening() {
  if (has_listener()) exchange_->EndStream();
  exchange_ = nullptr;
}

void EventStream::End() {
  if (is_finished_) return;
  is_finished_ = true;
  if (!has_listener()) return;
  if (!exchange_->has_begun()) exchange_->BeginStream(200, Head(kEventStreamType));
  EndListening();
}

void EventStream::Pause(std::string_view retry_ms) {
  if (is_finished_ || options_.events_max == 0) return;
  Begin();
  if (!has_listener()) return;
  if (!retry_ms.empty()) {
    event_.clear();
    transport::AppendSseEvent(
        event_, {.event = {}, .id = {}, .data = {}, .has_data = false, .retry = retry_ms});
    exchange_->Write(event_);
  }
  EndListening();
}

void EventStream::Fail(int status, std::string_view text) {
  if (is_finished_) return;
  is_finished_ = true;
  if (!has_listener()) return;
  if (exchange_->has_begun()) return EndListening();
  RespondText(*exchange_, status, text);
  exchange_ = nullptr;
}

void EventStream::KeepAlive() {
  if (is_finished_ || !has_listener()) return;
  if (!std::exchange(was_quiet_, true)) return;
  Begin();
  was_quiet_ = true;
  event_.clear();
  transport::AppendSseComment(event_, "keepalive");
  exchange_->Write(event_);
}

}  // namespace policy::gateway
