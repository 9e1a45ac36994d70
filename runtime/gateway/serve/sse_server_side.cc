#include "runtime/gateway/serve/sse_server_side.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "runtime/mcp/limits.h"
#include "runtime/transport/http/http_url.h"
#include "runtime/transport/http/sse.h"
#include "runtime/transport/output_queue.h"

namespace policy::gateway {
namespace {

using transport::HttpHeader;

constexpr std::size_t kEventBytesMax = mcp::kMessageBytesMax + (std::size_t{64} << 10);

}  // namespace

class SseServerSide::Stream final : public transport::HttpResponseHandler,
                                    public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(SseServerSide& side) : side_(&side) {}

  void OnHead(const transport::HttpResponseHead& head) override {
    const auto type = head.headers.Find("content-type").value_or("");
    is_stream_ = head.status == 200 &&
                 transport::SameHeaderText(type.substr(0, type.find(';')), "text/event-stream");
    status_ = head.status;
  }
  void OnBody(std::string_view bytes) override {
    const auto kept = shared_from_this();
    if (side_ == nullptr || !is_stream_) return;
    const bool is_well = reader_.Feed(bytes, [this](const transport::SseEvent& event) {
      if (event.event == "endpoint") {
        side_->OnEndpoint(event.data);
      } else if (event.has_data && (event.event.empty() || event.event == "message")) {
        side_->OnMessage(event.data);
      }
      return side_ != nullptr;
    });
    if (!is_well && side_ != nullptr)
      side_->OnStreamOver("the server's stream of events is broken");
  }
  void OnEnd() override {
    const auto kept = shared_from_this();
    if (side_ == nullptr) return;
    side_->OnStreamOver(is_stream_ ? "the server has ended its stream"
                                   : "the server has no stream of events: HTTP status " +
                                         std::to_string(status_));
  }
  void OnFailure(const transport::HttpFailure& failure) override {
    const auto kept = shared_from_this();
    if (side_ != nullptr) side_->OnStreamOver("the server's stream has failed: " + failure.text);
  }
  void Drop() {
    side_ = nullptr;
    call = nullptr;
  }

  std::unique_ptr<transport::HttpCall> call;

 private:
  SseServerSide* side_;  // null: dropped
  transport::SseReader reader_{kEventBytesMax};
  int status_ = 0;
  bool is_stream_ = false;
};

class SseServerSide::Post final : public transport::HttpResponseHandler,
                                  public std::enable_shared_from_this<Post> {
 public:
  Post(SseServerSide& side, std::uint64_t number, std::uint64_t its_sequence)
      : sequence(its_sequence), side_(&side), number_(number) {}

  void OnHead(const transport::HttpResponseHead& head) override { status_ = head.status; }
  void OnBody(std::string_view) override {}
  void OnEnd() override {
    const auto kept = shared_from_this();
    if (side_ != nullptr) side_->OnPosted(number_, status_);
  }
  void OnFailure(const transport::HttpFailure& failure) override {
    const auto kept = shared_from_this();
    if (side_ != nullptr) side_->OnNotPosted(number_, failure);
  }
  void Drop() {
    side_ = nullptr;
    call = nullptr;
  }

  std::size_t kept_bytes = 0;  // of its message: the client keeps it
  std::unique_ptr<transport::HttpCall> call;
  const std::uint64_t sequence;

 private:
  SseServerSide* side_;  // null: dropped
  std::uint64_t number_;
  int status_ = 0;
};

SseServerSide::SseServerSide(HttpUpstream& upstream, ServeTools& tools, ServerListener& listener)
    : upstream_(upstream), tools_(tools), listener_(&listener) {
  std::vector<HttpHeader> headers = {{"Accept", "text/event-stream"}};
  upstream_.AppendCredential(headers);
  stream_ = std::make_shared<Stream>(*this);
  stream_->call = upstream_.client().Send({.method = "GET", .headers = headers}, *stream_);
}

SseServerSide::~SseServerSide() { End(); }

void SseServerSide::Send(std::string_view bytes, Regarding regarding) {
  if (listener_ == nullptr) return;
  const std::uint64_t sequence = regarding.said == Said::Request ? regarding.sequence : 0;
  if (!endpoint_.empty()) return Start(bytes, sequence);
  waiting_bytes_ += bytes.size();
  waiting_.push_back({std::string(bytes), sequence});
}

void SseServerSide::Start(std::string_view bytes, std::uint64_t sequence) {
  std::vector<HttpHeader> headers = {{"Content-Type", "application/json"}};
  upstream_.AppendCredential(headers);
  const std::uint64_t number = next_post_++;
  auto post = std::make_shared<Post>(*this, number, sequence);
  post->kept_bytes = bytes.size();
  Post& started = *post;
  posts_.emplace(number, std::move(post));
  started.call = upstream_.client().Send(
      {.method = "POST", .target = endpoint_, .headers = headers, .body = bytes}, started);
}

bool SseServerSide::TakeBack(std::uint64_t sequence) {
  const auto found = std::ranges::find(waiting_, sequence, &Waiting::sequence);
  if (found == waiting_.end()) return false;
  waiting_bytes_ -= found->bytes.size();
  waiting_.erase(found);
  return true;
}

bool SseServerSide::is_full() const {
  std::size_t sent_bytes = 0;
  for (const auto& [number, post] : posts_) sent_bytes += post->kept_bytes;
  return waiting_bytes_ > transport::kQueueBytesMax || sent_bytes > kSentBytesMax;
}

// Of the same origin, or calls would go wherever a server likes, with policyd's credential.
void SseServerSide::OnEndpoint(std::string_view reference) {
  if (!endpoint_.empty()) return;
  const transport::HttpUrl& base = upstream_.client().url();
  const auto url = transport::ResolveHttpUrl(base, reference);
  if (!url || !url->IsSameOrigin(base)) {
    return OnStreamOver("the server names an endpoint of another origin");
  }
  endpoint_ = url->target;
  while (!waiting_.empty()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.bytes.size();
    Start(next.bytes, next.sequence);
  }
}

void SseServerSide::OnMessage(std::string_view bytes) {
  if (listener_ != nullptr) listener_->OnServerMessage(bytes, {});
}

void SseServerSide::OnStreamOver(std::string_view why) {
  const std::string text(why);
  if (ServerListener* const listener = std::exchange(listener_, nullptr)) {
    listener->OnServerEnded(text);
  }
}

void SseServerSide::OnPosted(std::uint64_t number, int status) {
  if (status < 300) {
    posts_.erase(number);
    return;
  }
  Finish(number, "the server answered with the HTTP status " + std::to_string(status), true, 0);
}

void SseServerSide::OnNotPosted(std::uint64_t number, const transport::HttpFailure& failure) {
  Finish(number, "the server did not answer: " + failure.text,
         failure.kind == transport::HttpFailure::Kind::Sent, 0);
}

void SseServerSide::Finish(std::uint64_t number, std::string text, bool was_sent, int status) {
  const auto found = posts_.find(number);
  if (found == posts_.end()) return;
  const std::uint64_t sequence = found->second->sequence;
  posts_.erase(found);
  if (sequence == 0) return tools_.say("a message did not reach the server: " + text);
  if (listener_ == nullptr) return;
  listener_->OnRequestLost(
      {.sequence = sequence, .text = std::move(text), .was_sent = was_sent, .status = status});
}

void SseServerSide::End() {
  listener_ = nullptr;
  if (stream_ != nullptr) stream_->Drop();
  stream_ = nullptr;
  for (const auto& [number, post] : posts_) post->Drop();
  posts_.clear();
  waiting_.clear();
}

}  // namespace policy::gateway
