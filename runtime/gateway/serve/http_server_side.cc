#include "runtime/gateway/serve/http_server_side.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "runtime/gateway/serve/message_parts.h"
#include "runtime/mcp/limits.h"
#include "runtime/transport/output_queue.h"

namespace policy::gateway {
namespace {

using std::chrono::milliseconds;
using transport::HttpHeader;

// An event is a message and what little stands around it.
constexpr std::size_t kEventBytesMax = mcp::kMessageBytesMax + (std::size_t{64} << 10);
constexpr std::size_t kSessionIdBytesMax = 1'024;
constexpr std::size_t kEventIdBytesMax = 1'024;
// A stream that has ended is asked for again after so long, unless the server says otherwise; where
// that fails each time twice as long, at most kRetryMax.
constexpr milliseconds kRetry{1'000};
constexpr milliseconds kRetryMax{30'000};
constexpr std::size_t kShownBodyBytesMax = 200;
// What a session id holds in front of the server's.
constexpr char kResumptionSeparator = '\x1F';

constexpr int kAccepted = 202;
constexpr int kNotFound = 404;

bool IsVisible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

bool IsMediaType(std::string_view header, std::string_view type) {
  std::string_view said = header.substr(0, header.find(';'));
  while (said.ends_with(' ') || said.ends_with('\t')) said.remove_suffix(1);
  return transport::SameHeaderText(said, type);
}

milliseconds RetryOf(std::string_view digits, milliseconds otherwise) {
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || read.ec != std::errc()) return otherwise;
  return std::min(milliseconds(value), kRetryMax);
}

}  // namespace

// One request of HTTP and its answer.
class HttpServerSide::Call final : public transport::HttpResponseHandler,
                                   public std::enable_shared_from_this<Call> {
 public:
  enum class Kind : std::uint8_t { Request, Notice, Listening, Resumed };

  Call(HttpServerSide& side, CallId id, Kind kind, std::uint64_t sequence)
      : side_(side), id_(id), kind_(kind), sequence_(sequence) {}

  void OnHead(const transport::HttpResponseHead& head) override {
    status = head.status;
    const std::string_view type = head.headers.Find("content-type").value_or("");
    is_stream = status < 300 && IsMediaType(type, "text/event-stream");
    is_json = IsMediaType(type, "application/json");
    if (is_initialize) {
      const auto session = head.headers.Find("mcp-session-id");
      if (session && IsVisible(*session) && session->size() <= kSessionIdBytesMax) {
        side_.session_id_ = *session;
      }
    }
  }

  void OnBody(std::string_view bytes) override {
    const auto kept = shared_from_this();
    if (is_over) return;
    if (is_stream) {
      const bool is_well = reader_.Feed(bytes, [this](const transport::SseEvent& event) {
        OnEvent(event);
        return !is_over;
      });
      if (!is_well && !is_over)
        OnFailure({.kind = transport::HttpFailure::Kind::Sent,
                   .text = "the server's stream of events is broken"});
      return;
    }
    if (body.size() + bytes.size() > mcp::kMessageBytesMax) {
      is_too_long = true;
      body.clear();
      return;
    }
    if (!is_too_long) body += bytes;
  }

  void OnEnd() override {
    const auto kept = shared_from_this();
    if (!is_over) side_.OnDone(*this);
  }

  void OnFailure(const transport::HttpFailure& failure) override {
    const auto kept = shared_from_this();
    if (!is_over) side_.OnFailed(*this, failure);
  }

  CallId id() const { return id_; }
  Kind kind() const { return kind_; }
  std::uint64_t sequence() const { return sequence_; }

  std::unique_ptr<transport::HttpCall> call;
  int status = 0;
  bool is_initialize = false;
  bool is_stream = false;
  bool is_json = false;
  bool is_too_long = false;
  bool is_answered = false;    // nothing of it matters any more
  bool is_over = false;        // dropped: it says nothing more
  std::size_t kept_bytes = 0;  // of its message
  bool is_admitted = false;    // by the circuit breaker, which waits to hear how it ended
  std::string body;
  std::string last_event;
  std::string retry_ms;

 private:
  void OnEvent(const transport::SseEvent& event) {
    if (event.id && event.id->size() <= kEventIdBytesMax) last_event = *event.id;
    if (event.retry) retry_ms = *event.retry;
    if (!event.has_data || event.data.empty()) return;
    if (!event.event.empty() && event.event != "message") return;
    side_.OnMessage(*this, event.data);
  }

  HttpServerSide& side_;
  CallId id_;
  Kind kind_;
  std::uint64_t sequence_;
  transport::SseReader reader_{kEventBytesMax};
};

HttpServerSide::HttpServerSide(HttpUpstream& upstream, Era era, ServeTools& tools,
                               ServerListener& listener)
    : upstream_(upstream), era_(era), tools_(tools), listener_(&listener) {}

HttpServerSide::~HttpServerSide() { End(); }

std::string HttpServerSide::resumption() const {
  if (session_id_.empty()) return {};
  return protocol_version_ + kResumptionSeparator + session_id_;
}

bool HttpServerSide::TakeUp(std::string_view resumption) {
  const std::size_t split = resumption.find(kResumptionSeparator);
  if (split == std::string_view::npos) return false;
  protocol_version_ = resumption.substr(0, split);
  session_id_ = resumption.substr(split + 1);
  return IsVisible(session_id_);
}

void HttpServerSide::Send(std::string_view bytes, Regarding regarding) {
  Headers headers = std::exchange(next_headers_, {});
  // In the modern era a request is cancelled by closing its connection: Forget comes with it.
  if (era_ == Era::Modern && regarding.said == Said::Notification && regarding.sequence != 0)
    return;
  // A server has to have taken "initialized" before it gets a request: the order of messages is
  // that of the client, whatever connections they go by.
  if (regarding.said == Said::Request && notices_in_flight_ != 0) {
    waiting_bytes_ += bytes.size();
    waiting_.push_back({std::string(bytes), regarding, std::move(headers)});
    return;
  }
  Start(bytes, regarding, headers);
}

void HttpServerSide::Start(std::string_view bytes, Regarding regarding, const Headers& headers) {
  const bool is_request = regarding.said == Said::Request;
  const std::uint64_t sequence = is_request ? regarding.sequence : 0;
  auto call = std::make_shared<Call>(
      *this, next_call_++, is_request ? Call::Kind::Request : Call::Kind::Notice, sequence);
  if (is_request) {
    const std::int64_t now_ns = tools_.clock.MonotonicNanoseconds();
    if (!upstream_.breaker().Admit(now_ns)) {
      const auto wait = milliseconds(upstream_.breaker().retry_after_ms(now_ns));
      return Lost(sequence, false, 0,
                  "the server has failed several times and is left alone for " +
                      std::to_string(wait.count()) + " ms more");
    }
    call->is_admitted = true;
    if (era_ == Era::Legacy && protocol_version_.empty()) {
      const auto message = client_reader_.Read(bytes, nullptr);
      call->is_initialize = message && message->method == "initialize";
    }
  } else {
    ++notices_in_flight_;
  }
  call->kept_bytes = bytes.size();
  sent_bytes_ += bytes.size();
  StartCall(std::move(call), "POST", bytes, headers);
}

void HttpServerSide::StartCall(std::shared_ptr<Call> call, std::string_view method,
                               std::string_view body, const Headers& more) {
  std::vector<HttpHeader> headers;
  headers.reserve(more.size() + 8);
  if (method == "POST") headers.push_back({"Content-Type", "application/json"});
  headers.push_back(
      {"Accept", method == "POST" ? "application/json, text/event-stream" : "text/event-stream"});
  if (!session_id_.empty()) headers.push_back({"Mcp-Session-Id", session_id_});
  if (!protocol_version_.empty()) headers.push_back({"MCP-Protocol-Version", protocol_version_});
  if (!call->last_event.empty()) headers.push_back({"Last-Event-ID", call->last_event});
  upstream_.AppendCredential(headers);
  for (const auto& [name, value] : more) headers.push_back({name, value});
  transport::HttpRequest request{.method = method, .target = {}, .headers = headers, .body = body};
  request.is_repeatable = method == "GET";
  request.silence_timeout = call->kind() == Call::Kind::Listening
                                ? milliseconds(0)
                                : milliseconds(upstream_.timeouts().call_ms);
  Call& started = *call;
  calls_.emplace(call->id(), std::move(call));
  started.call = upstream_.client().Send(request, started);
}

bool HttpServerSide::is_full() const {
  return waiting_bytes_ > transport::kQueueBytesMax || sent_bytes_ > kSentBytesMax;
}

std::shared_ptr<HttpServerSide::Call> HttpServerSide::CallOf(std::uint64_t sequence) {
  for (const auto& [id, call] : calls_) {
    if (call->sequence() == sequence && sequence != 0) return call;
  }
  return nullptr;
}

bool HttpServerSide::TakeBack(std::uint64_t sequence) {
  const auto waiting = std::ranges::find_if(
      waiting_, [sequence](const Waiting& other) { return other.regarding.sequence == sequence; });
  if (waiting != waiting_.end()) {
    waiting_bytes_ -= waiting->bytes.size();
    waiting_.erase(waiting);
    return true;
  }
  // What is with the client may be on its way already.
  return false;
}

void HttpServerSide::Drop(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const std::shared_ptr<Call> call = std::move(found->second);
  calls_.erase(found);
  sent_bytes_ -= call->kept_bytes;
  call->is_over = true;
  call->call = nullptr;
  if (std::exchange(call->is_admitted, false)) upstream_.breaker().Abandoned();
}

void HttpServerSide::SendWaiting() {
  while (notices_in_flight_ == 0 && !waiting_.empty()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.bytes.size();
    Start(next.bytes, next.regarding, next.headers);
  }
}

void HttpServerSide::Ended(std::uint64_t sequence) {
  if (const auto call = CallOf(sequence)) call->is_answered = true;
}

void HttpServerSide::Forget(std::uint64_t sequence) {
  if (const auto call = CallOf(sequence)) Drop(call->id());
}

// The listener is never called before Send returns.
void HttpServerSide::Lost(std::uint64_t sequence, bool was_sent, int status, std::string text) {
  tools_.loop.Post([this, is_alive = std::weak_ptr(is_alive_), sequence, was_sent, status,
                    text = std::move(text)] {
    if (is_alive.expired() || listener_ == nullptr) return;
    listener_->OnRequestLost(
        {.sequence = sequence, .text = text, .was_sent = was_sent, .status = status});
  });
}

void HttpServerSide::OnMessage(Call& call, std::string_view bytes) {
  if (listener_ == nullptr) return;
  if (call.is_initialize && protocol_version_.empty()) {
    // Read strictly before anything of it is believed.
    const auto message = server_reader_.Read(bytes, nullptr);
    const std::string version =
        message && !message->result.empty() ? NegotiatedVersion(bytes) : std::string();
    if (IsVisible(version)) protocol_version_ = version;
  }
  listener_->OnServerMessage(bytes, {.sequence = call.sequence(), .status = call.status});
}

void HttpServerSide::OnDone(Call& call) {
  const CallId id = call.id();
  if (std::exchange(call.is_admitted, false)) {
    const bool has_failed = call.status >= 502 && call.status <= 504;
    if (has_failed) {
      upstream_.breaker().Failed(tools_.clock.MonotonicNanoseconds());
    } else {
      upstream_.breaker().Succeeded();
    }
  }
  if (call.kind() == Call::Kind::Notice) --notices_in_flight_;
  if (call.status >= 300) {
    Refused(call);
  } else if (call.kind() == Call::Kind::Notice) {
    // Whatever it says, nobody has asked.
  } else if (call.is_stream) {
    StreamIsOver(call);
  } else {
    AnswerIsIn(call);
  }
  const bool was_notice = call.kind() == Call::Kind::Notice;
  Drop(id);
  if (listener_ == nullptr) return;
  SendWaiting();
  if (was_notice && wants_to_listen_) ClientListens();
}

void HttpServerSide::AnswerIsIn(Call& call) {
  if (call.kind() == Call::Kind::Listening) {
    cannot_be_heard_ = true;
    listens_ = false;
    return;
  }
  if (call.is_too_long) {
    listener_->OnServerMessageTooLong(call.sequence());
  } else if (call.is_json && !call.body.empty()) {
    OnMessage(call, call.body);
  }
  if (call.is_answered || listener_ == nullptr) return;
  const std::string why = call.status == kAccepted ? "took the request and gave no answer"
                          : call.is_json           ? "gave an answer to something else"
                                         : "gave an answer that is neither JSON nor events";
  listener_->OnRequestLost(
      {.sequence = call.sequence(), .text = "the server " + why, .was_sent = true, .status = 0});
}

void HttpServerSide::StreamIsOver(Call& call) {
  if (call.kind() == Call::Kind::Listening) return ListenAgain(call.retry_ms);
  if (call.is_answered) return;
  if (era_ == Era::Legacy && !call.last_event.empty()) {
    listener_->OnStreamPaused(call.sequence(), call.retry_ms);
    if (listener_ != nullptr) Resume(call.sequence(), call.last_event, call.retry_ms);
    return;
  }
  listener_->OnRequestLost({.sequence = call.sequence(),
                            .text = "the server ended its stream before the answer",
                            .was_sent = true,
                            .status = 0});
}

void HttpServerSide::Refused(Call& call) {
  if (call.kind() == Call::Kind::Listening) {
    if (call.status != kNotFound && call.status < 500) {
      cannot_be_heard_ = true;
      listens_ = false;
      return;
    }
    if (call.status >= 500) return ListenAgain({});
  }
  const bool is_lost_session = call.status == kNotFound && !session_id_.empty();
  if (call.kind() == Call::Kind::Request || call.kind() == Call::Kind::Resumed) {
    // The status goes with the message where there is one that answers the request.
    const auto message = server_reader_.Read(call.body, nullptr);
    const bool is_answer = call.is_json && message && message->kind == mcp::MessageKind::Response &&
                           !message->id.empty() && message->id != "null";
    if (is_answer && !is_lost_session) OnMessage(call, call.body);
    if (!call.is_answered && listener_ != nullptr) {
      std::string text = "the server answered with the HTTP status " + std::to_string(call.status);
      if (message && !message->error.empty()) {
        text += ": " + std::string(message->error.substr(0, kShownBodyBytesMax));
      }
      listener_->OnRequestLost(
          {.sequence = call.sequence(), .text = text, .was_sent = true, .status = call.status});
    }
  }
  if (is_lost_session && listener_ != nullptr) {
    session_id_.clear();  // there is nothing to end there
    ServerListener* const listener = std::exchange(listener_, nullptr);
    listener->OnServerEnded("the server knows the session no more");
  } else if (call.kind() == Call::Kind::Notice) {
    tools_.say("the server answered a notification with the HTTP status " +
               std::to_string(call.status));
  }
}

void HttpServerSide::OnFailed(Call& call, const transport::HttpFailure& failure) {
  const CallId id = call.id();
  const bool was_sent = failure.kind == transport::HttpFailure::Kind::Sent;
  if (std::exchange(call.is_admitted, false)) {
    upstream_.breaker().Failed(tools_.clock.MonotonicNanoseconds());
  }
  if (call.kind() == Call::Kind::Notice) {
    --notices_in_flight_;
    tools_.say("a message did not reach the server: " + failure.text);
  } else if (call.kind() == Call::Kind::Listening) {
    ListenAgain(call.retry_ms);
  } else if (!call.is_answered) {
    if (era_ == Era::Legacy && call.is_stream && !call.last_event.empty()) {
      Resume(call.sequence(), call.last_event, call.retry_ms);
    } else {
      listener_->OnRequestLost({.sequence = call.sequence(),
                                .text = "the server did not answer: " + failure.text,
                                .was_sent = was_sent || call.kind() == Call::Kind::Resumed,
                                .status = 0});
    }
  }
  Drop(id);
  if (listener_ != nullptr) SendWaiting();
}

// The answer of a stream that broke is asked for where it broke, for as long as somebody waits.
void HttpServerSide::Resume(std::uint64_t sequence, std::string last_event,
                            std::string_view retry_ms) {
  tools_.loop.After(RetryOf(retry_ms, kRetry), [this, is_alive = std::weak_ptr(is_alive_), sequence,
                                                last_event = std::move(last_event)] {
    if (is_alive.expired() || listener_ == nullptr) return;
    auto call = std::make_shared<Call>(*this, next_call_++, Call::Kind::Resumed, sequence);
    call->last_event = last_event;
    StartCall(std::move(call), "GET", {}, {});
  });
}

void HttpServerSide::ClientListens() {
  if (era_ == Era::Modern || listens_ || cannot_be_heard_ || listener_ == nullptr) return;
  // A server is listened to when it has heard that its client is ready.
  wants_to_listen_ = protocol_version_.empty();
  if (wants_to_listen_) return;
  listens_ = true;
  Listen();
}

void HttpServerSide::Listen() {
  auto call = std::make_shared<Call>(*this, next_call_++, Call::Kind::Listening, 0);
  StartCall(std::move(call), "GET", {}, {});
}

void HttpServerSide::ListenAgain(std::string_view retry_ms) {
  const unsigned doublings = std::min(listen_failures_++, 5U);
  const milliseconds wait = std::min(RetryOf(retry_ms, kRetry) * (1U << doublings), kRetryMax);
  tools_.loop.After(wait, [this, is_alive = std::weak_ptr(is_alive_)] {
    if (!is_alive.expired() && listener_ != nullptr && listens_) Listen();
  });
}

void HttpServerSide::End() {
  listener_ = nullptr;
  if (std::exchange(is_alive_, nullptr) == nullptr) return;
  while (!calls_.empty()) Drop(calls_.begin()->first);
  waiting_.clear();
  if (era_ == Era::Legacy && !session_id_.empty()) {
    upstream_.EndSession(session_id_, protocol_version_);
  }
}

}  // namespace policy::gateway
