// Lines on their way to one peer: written whole and in order, never interleaved, never waited for.
#ifndef RUNTIME_TRANSPORT_OUTPUT_QUEUE_H_
#define RUNTIME_TRANSPORT_OUTPUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "runtime/transport/stream.h"

namespace policy::transport {

// From this size on whoever fills the queue stops reading what would fill it further. One message
// may go past it, so a queue holds at most this and one message.
inline constexpr std::size_t kQueueBytesMax = std::size_t{1} << 20;

// Not thread-safe.
class OutputQueue {
 public:
  // `line` gets its line ending here. A `tag` other than 0 names the line for Remove; tags grow.
  void Append(std::string_view line, std::uint64_t tag = 0);

  // Takes the line back. true: not one byte of it was, or will be, written.
  bool Remove(std::uint64_t tag);

  // Writes what the stream takes. Ended: the reader is gone, and what is queued will not be
  // written.
  StreamState Flush(Stream& stream);

  // Forgets what is not written: its reader is gone.
  void Clear();

  std::size_t size_bytes() const { return buffer_.size() - written_; }
  std::size_t memory_bytes() const { return buffer_.capacity(); }
  bool is_empty() const { return size_bytes() == 0; }
  bool is_full() const { return size_bytes() >= kQueueBytesMax; }

 private:
  struct Tagged {
    std::uint64_t tag = 0;
    std::uint64_t begin = 0;  // bytes since the queue was made
    std::size_t size = 0;     // with the line ending
  };

  void DropWritten();

  std::string buffer_;
  std::size_t written_ = 0;       // bytes at the front of buffer_ that are written already
  std::uint64_t dropped_ = 0;     // bytes that stood before buffer_'s front
  std::deque<Tagged> unstarted_;  // tagged lines of which not one byte is written, in order
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_OUTPUT_QUEUE_H_
