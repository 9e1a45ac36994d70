#include "runtime/transport/stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace policy::transport {
namespace {

// A description of our own for the pipe or terminal behind `number`, non-blocking.
int OpenAnew(int number) {
  const int access = ::fcntl(number, F_GETFL) & O_ACCMODE;
  const std::string path = "/proc/self/fd/" + std::to_string(number);
  return ::open(path.c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

Moved Result(ssize_t moved) {
  if (moved >= 0) return {StreamState::Ready, static_cast<std::size_t>(moved)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {StreamState::Blocked, 0};
  return {StreamState::Ended, 0};
}

}  // namespace

Stream Stream::Standard(int number) {
  struct stat status{};
  if (::fstat(number, &status) != 0) return {};
  Stream stream;
  stream.is_socket_ = S_ISSOCK(status.st_mode);
  const bool may_wait = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
  if (may_wait) {
    if (const int anew = OpenAnew(number); anew >= 0) {
      stream.descriptor_ = Descriptor(anew);
      return stream;
    }
    // Without /proc there is only the shared description.
    ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
  }
  stream.descriptor_ = Descriptor(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  return stream;
}

Moved Stream::Read(std::span<char> into) {
  const ssize_t moved = is_socket_
                            ? ::recv(descriptor_.number(), into.data(), into.size(), MSG_DONTWAIT)
                            : ::read(descriptor_.number(), into.data(), into.size());
  if (moved == 0) return {StreamState::Ended, 0};
  return Result(moved);
}

Moved Stream::Write(std::string_view from) {
  return Result(is_socket_ ? ::send(descriptor_.number(), from.data(), from.size(),
                                    MSG_DONTWAIT | MSG_NOSIGNAL)
                           : ::write(descriptor_.number(), from.data(), from.size()));
}

}  // namespace policy::transport
