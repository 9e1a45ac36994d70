#include "runtime/gateway/serve/streamable_client.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "runtime/gateway/serve/http_answer.h"
#include "runtime/gateway/serve/message_parts.h"
#include "runtime/mcp/session.h"

namespace policy::gateway {
namespace {

// From this version on clients know an event without data.
constexpr std::string_view kPrimedVersion = "2025-11-25";
// Answered requests whose events are kept, in case the client did not get them.
constexpr std::size_t kFinishedStreamsMax = 8;

}  // namespace

StreamableClient::StreamableClient(MessageRelay& relay, Options options)
    : relay_(relay),
      options_(std::move(options)),
      listening_({.number = 0,
                  .is_primed = false,
                  .events_max = options_.replay_events_max,
                  .bytes_max = options_.replay_bytes_max}) {}

StreamOptions StreamableClient::OptionsOf(std::uint64_t number) const {
  return {.number = number,
          .is_primed = protocol_version_ >= kPrimedVersion,
          .events_max = options_.replay_events_max,
          .bytes_max = options_.replay_bytes_max};
}

void StreamableClient::TakeUp(std::string session_id, std::string protocol_version) {
  session_id_ = std::move(session_id);
  protocol_version_ = std::move(protocol_version);
}

void StreamableClient::Post(std::shared_ptr<transport::HttpExchange> exchange) {
  // The bytes live as long as the exchange, also when it is answered meanwhile.
  const std::shared_ptr<transport::HttpExchange> kept = exchange;
  current_ = std::move(exchange);
  relay_.ClientLine(kept->body());
  // It was no request, and went to the server.
  if (const auto current = std::exchange(current_, nullptr)) current->Respond(202, {}, {});
}

void StreamableClient::Get(std::shared_ptr<transport::HttpExchange> exchange,
                           std::string_view last_event) {
  if (last_event.empty()) {
    if (listening_.has_listener()) {
      return RespondText(*exchange, 409, "this session has a stream that listens already");
    }
    listening_.Listen(std::move(exchange), session_id_);
    return listening_.Begin();
  }
  const auto id = ParseEventId(last_event);
  EventStream* stream = nullptr;
  if (id && id->stream == 0) stream = &listening_;
  if (id && requests_.contains(id->stream)) stream = requests_.at(id->stream).stream.get();
  for (const auto& finished : finished_) {
    if (id && finished->number() == id->stream) stream = finished.get();
  }
  if (stream == nullptr) return RespondText(*exchange, 400, "Last-Event-ID is not of this session");
  stream->Resume(std::move(exchange), session_id_, id->event);
}

void StreamableClient::Began(std::uint64_t sequence, const mcp::Message& request) {
  Request& begun = requests_[sequence];
  begun.stream = std::make_unique<EventStream>(OptionsOf(sequence));
  begun.progress_token = request.progress_token;
  begun.is_initialize = request.method == "initialize";
  if (current_ != nullptr) begun.stream->Listen(std::move(current_), session_id_);
  current_ = nullptr;
}

void StreamableClient::Send(std::string_view bytes, Regarding regarding) {
  if (regarding.said == Said::Response) {
    if (regarding.sequence == 0) {
      // It was not let in. What could not be read at all is HTTP's business too.
      const auto current = std::exchange(current_, nullptr);
      const int code = ErrorCodeOf(bytes).value_or(0);
      const bool is_unread = code == mcp::kInvalidRequestCode || code == mcp::kParseErrorCode;
      if (current != nullptr) RespondJson(*current, is_unread ? 400 : 200, bytes);
      return;
    }
    const auto found = requests_.find(regarding.sequence);
    if (found == requests_.end()) return;
    if (found->second.is_initialize) NoteInitialized(bytes);
    return found->second.stream->Finish(bytes);
  }
  StreamFor(bytes, regarding)->Send(bytes);
}

void StreamableClient::NoteInitialized(std::string_view answer) {
  if (is_initialized()) return;
  std::string version = NegotiatedVersion(answer);
  if (version.empty()) return;  // an error: there is no session
  protocol_version_ = std::move(version);
  session_id_ = options_.make_session_id();
}

// Where a message goes that answers nothing: to the request that it came with; progress to the
// request that has its token; else to who listens. Where nobody does, a request of the server's
// belongs to the newest request that still waits, which it was most likely asked for.
EventStream* StreamableClient::StreamFor(std::string_view bytes, Regarding regarding) {
  if (const auto found = requests_.find(regarding.sequence); found != requests_.end()) {
    return found->second.stream.get();
  }
  if (regarding.said == Said::Notification) {
    const std::string_view token = ProgressTokenOf(bytes);
    const auto asked = std::ranges::find_if(
        requests_, [token](const auto& entry) { return entry.second.progress_token == token; });
    if (!token.empty() && asked != requests_.end()) return asked->second.stream.get();
  }
  if (listening_.has_listener()) return &listening_;
  for (const auto& [sequence, request] : std::views::reverse(requests_)) {
    if (request.stream->has_listener() && !request.is_initialize) return request.stream.get();
  }
  return &listening_;
}

void StreamableClient::Ended(std::uint64_t sequence) {
  const auto found = requests_.find(sequence);
  if (found == requests_.end()) return;
  std::unique_ptr<EventStream> stream = std::move(found->second.stream);
  requests_.erase(found);
  stream->End();
  if (!stream->is_resumable()) return;
  finished_.push_back(std::move(stream));
  if (finished_.size() > kFinishedStreamsMax) finished_.pop_front();
}

void StreamableClient::Dropped(std::string_view reason) {
  // A cancellation that comes too late is no mistake of the client's.
  if (reason.ends_with("not in flight") || current_ == nullptr) return;
  RespondError(*std::exchange(current_, nullptr), 400, mcp::kInvalidRequestCode, reason);
}

void StreamableClient::Pause(std::uint64_t sequence, std::string_view retry_ms) {
  const auto found = requests_.find(sequence);
  if (found != requests_.end()) found->second.stream->Pause(retry_ms);
}

void StreamableClient::Fail(std::uint64_t sequence, int status, std::string_view text) {
  const auto found = requests_.find(sequence);
  if (found != requests_.end()) found->second.stream->Fail(status, text);
}

void StreamableClient::KeepAlive() {
  listening_.KeepAlive();
  for (const auto& [sequence, request] : requests_) request.stream->KeepAlive();
}

void StreamableClient::End(int status, std::string_view text) {
  listening_.End();
  for (const auto& [sequence, request] : requests_) request.stream->Fail(status, text);
}

}  // namespace policy::gateway
