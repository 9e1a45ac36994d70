// Standard error: what the child says there, passed on, and the proxy's own lines between.
//
// Whoever started policyd may never read it. So it is written without waiting, holds a bounded
// rest, and drops (and counts) what comes on top: a child that writes a lot never stands still.
#ifndef RUNTIME_TRANSPORT_ERROR_STREAM_H_
#define RUNTIME_TRANSPORT_ERROR_STREAM_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/transport/event_loop.h"
#include "runtime/transport/stream.h"

namespace policy::transport {

inline constexpr std::size_t kErrorBytesMax = std::size_t{256} << 10;  // unread, then dropped

// Not thread-safe.
class ErrorStream final : EventHandler {
 public:
  // `loop` may be null: then nothing is heard of room, and Flush has to be called until it is true.
  ErrorStream(Stream stream, EventLoop* loop) : stream_(std::move(stream)), loop_(loop) {}
  ErrorStream(const ErrorStream&) = delete;  // the loop refers to it
  ErrorStream& operator=(const ErrorStream&) = delete;
  ~ErrorStream();

  void Pass(std::string_view bytes);  // the child's, as they are
  // A line of our own; `text` may have several, each gets the prefix `policyd: `.
  void Say(std::string_view text);
  bool Flush();  // true: nothing is left

 private:
  void OnReady(Interest ready) override;
  void Append(std::string_view bytes);

  Stream stream_;
  EventLoop* loop_;
  std::string buffer_;
  std::size_t dropped_bytes_ = 0;
  bool is_at_line_begin_ = true;
  bool is_waiting_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_ERROR_STREAM_H_
