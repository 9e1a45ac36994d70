// The addresses of a host, found without stopping the loop.
#ifndef RUNTIME_TRANSPORT_NAME_LOOKUP_H_
#define RUNTIME_TRANSPORT_NAME_LOOKUP_H_

#include <sys/socket.h>

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

// Begins to connect; the socket does not wait, and sends small writes at once. The error is errno's
// text.
std::expected<Descriptor, std::string> OpenSocket(const SocketAddress& address);

// Lives in the loop's thread. Not thread-safe.
class NameLookup {
 public:
  using Found = std::expected<std::vector<SocketAddress>, std::string>;  // never empty
  using OnFound = std::function<void(Found)>;

  // Calls `on_found` once, in a coming turn; never after this object has gone. `host` is a name or
  // an address, `port` a number.
  NameLookup(EventLoop& loop, const std::string& host, const std::string& port, OnFound on_found);
  NameLookup(const NameLookup&) = delete;  // what is looked up refers to its state
  NameLookup& operator=(const NameLookup&) = delete;
  ~NameLookup();

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_NAME_LOOKUP_H_
