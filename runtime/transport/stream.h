// A descriptor that is read or written without ever waiting, whatever stands behind it.
//
// The standard descriptors of a process are shared with the shell or the host that started it:
// making them non-blocking would change them for those too. So a pipe or terminal is opened anew,
// a socket is asked not to wait call by call, and a regular file never waits.
#ifndef RUNTIME_TRANSPORT_STREAM_H_
#define RUNTIME_TRANSPORT_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/transport/descriptor.h"

namespace policy::transport {

enum class StreamState : std::uint8_t {
  Ready,    // `bytes` were moved
  Blocked,  // nothing can be moved now
  Ended,    // no more will come; the reader is gone; or an error that does not pass
};

struct Moved {
  StreamState state = StreamState::Blocked;
  std::size_t bytes = 0;
};

// Not thread-safe. Ignoring SIGPIPE is the process's business.
class Stream {
 public:
  Stream() = default;
  // Takes `descriptor`, which must be non-blocking already (a pipe made by us).
  explicit Stream(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  // Takes standard descriptor `number` (0, 1 or 2) of this process.
  static Stream Standard(int number);

  Moved Read(std::span<char> into);
  Moved Write(std::string_view from);

  int number() const { return descriptor_.number(); }
  bool is_open() const { return descriptor_.is_open(); }
  void Close() { descriptor_.Close(); }

 private:
  Descriptor descriptor_;
  bool is_socket_ = false;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_STREAM_H_
