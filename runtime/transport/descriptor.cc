#include "runtime/transport/descriptor.h"

#include <unistd.h>

namespace policy::transport {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    Close();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void Descriptor::Close() {
  // Linux frees the number even when close reports EINTR: trying again could close another's.
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

}  // namespace policy::transport
