// One stream of messages to a client over HTTP: the answer to a POST, or what a GET listens to.
//
// An answer that nothing came before is one JSON body. Anything else makes it a stream of events,
// which are kept, within bounds, for a client whose connection breaks and who asks again with
// Last-Event-ID. Ids name stream and event: what one stream said is never replayed on another.
#ifndef RUNTIME_GATEWAY_SERVE_EVENT_STREAM_H_
#define RUNTIME_GATEWAY_SERVE_EVENT_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/transport/http/http_exchange.h"

namespace policy::gateway {

struct StreamOptions {
  std::uint64_t number = 0;    // in its session; 0: the one that a GET listens to
  bool is_primed = false;      // an event without data comes first, to be resumed from
  std::size_t events_max = 0;  // kept for resumption; 0: events have no ids
  std::size_t bytes_max = 0;   // of those
};

// "stream.event", as ids of events are written.
struct EventId {
  std::uint64_t stream = 0;
  std::uint64_t event = 0;

  std::string ToText() const;
};
std::optional<EventId> ParseEventId(std::string_view text);

// Not thread-safe. Lives in its worker's loop.
class EventStream {
 public:
  explicit EventStream(StreamOptions options) : options_(options) {}

  // Who listens from now on; who did before is ended. `session_id` (may be empty) is told in the
  // head; it outlives the stream.
  void Listen(std::shared_ptr<transport::HttpExchange> exchange, const std::string& session_id);
  // The same for one that has heard all up to `event`: gets what came after it.
  void Resume(std::shared_ptr<transport::HttpExchange> exchange, const std::string& session_id,
              std::uint64_t event);

  // The head goes out now, before anything was said.
  void Begin();
  void Send(std::string_view message);
  // The answer: the last that is said. `status`: of HTTP, where it is all there is.
  void Finish(std::string_view message, int status = 200);
  // There will be no answer, and nobody waits for one.
  void End();
  // The connection ends, the stream goes on: who listens is asked to come back in `retry_ms`
  // (digits; may be empty).
  void Pause(std::string_view retry_ms);
  // Ends with a status of HTTP, where nothing was said yet.
  void Fail(int status, std::string_view text);
  // Says something that means nothing, if nothing was said since the last time.
  void KeepAlive();

  bool has_listener() const { return exchange_ != nullptr && exchange_->is_open(); }
  bool is_finished() const { return is_finished_; }
  // Somebody may come back for what is kept.
  bool is_resumable() const { return !kept_.empty(); }
  std::uint64_t number() const { return options_.number; }

 private:
  struct Kept {
    std::uint64_t number;
    std::string event;  // as it is written
  };

  void Write(std::string_view message);
  void EndListening();
  std::span<const transport::HttpHeader> Head(std::string_view media_type);

  StreamOptions options_;
  std::shared_ptr<transport::HttpExchange> exchange_;
  const std::string* session_id_ = nullptr;
  transport::HttpHeader head_[4];
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::uint64_t last_event_ = 0;
  std::string scratch_;
  std::string event_;
  bool has_begun_ = false;  // as a stream of events, now or for who listened before
  bool is_finished_ = false;
  bool was_quiet_ = false;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_EVENT_STREAM_H_
