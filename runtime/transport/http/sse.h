// Server-sent events, read and written: the body of a text/event-stream.
#ifndef RUNTIME_TRANSPORT_HTTP_SSE_H_
#define RUNTIME_TRANSPORT_HTTP_SSE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace policy::transport {

struct SseEvent {
  std::string_view event = {};  // empty: "message"
  // As this event has it; an empty one counts.
  std::optional<std::string_view> id = {};
  std::string_view data = {};  // the lines of data, joined by LF
  bool has_data = false;       // a data field was there, if an empty one
  // Milliseconds: digits only.
  std::optional<std::string_view> retry = {};

  bool operator==(const SseEvent&) const = default;
};

// Takes a stream apart, however it was cut. Lines end in LF, CR or CRLF; comments are skipped, a
// byte order mark at the start as well. An event is given when its blank line has come, if it had
// data, an id or retry: so are those without data, which others drop, for resumption begins with
// one. Not thread-safe.
class SseReader {
 public:
  // Of one event. Beyond it the stream has failed.
  explicit SseReader(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  // Calls `on_event` for each event that is complete; what it is given is valid until it returns.
  // Stops where it returns false. false: the stream has failed, or was stopped; not to be fed
  // again.
  bool Feed(std::string_view bytes, const std::function<bool(const SseEvent&)>& on_event);

  // Half an event lies here: a stream that ends now ends in its middle.
  bool is_in_event() const { return !pending_.empty() || has_field_; }

 private:
  bool Line(std::string_view line, const std::function<bool(const SseEvent&)>& on_event);
  void Field(std::string_view name, std::string_view value);
  bool Blank(const std::function<bool(const SseEvent&)>& on_event);

  std::size_t event_bytes_max_;
  std::string pending_;  // a line without its end
  std::string event_;
  std::string id_;
  std::string data_;
  std::string retry_;
  bool has_event_id_ = false;
  bool has_data_ = false;
  bool has_retry_ = false;
  bool has_field_ = false;
  bool is_at_start_ = true;
  bool skips_line_feed_ = false;  // the last line ended in CR: an LF belongs to it
};

// Adds the event to `out`. Data with line ends in it becomes several lines; a reader joins them by
// LF. Without has_data no data field is written, but for what is not empty. REQUIRES: no line end
// or NUL in the other fields.
void AppendSseEvent(std::string& out, const SseEvent& event);

// A comment: keeps a silent stream alive. REQUIRES: no line end.
void AppendSseComment(std::string& out, std::string_view text);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_SSE_H_
