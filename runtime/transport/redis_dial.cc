#include "runtime/transport/redis_dial.h"

#include <sys/un.h>

#include <cstring>
#include <utility>

namespace policy::transport {

RedisDial::RedisDial(EventLoop& loop, const RedisNode& node, std::size_t attempt,
                     OnSocket on_socket)
    : node_(node), on_socket_(std::move(on_socket)) {
  if (node_.port.empty()) {
    DialUnix(loop);
    return;
  }
  lookup_ = std::make_unique<NameLookup>(
      loop, node_.host, node_.port, [this, attempt](NameLookup::Found found) {
        // A copy: it may destroy this object, and the function with it.
        const OnSocket tell = on_socket_;
        if (!found) return tell(Fail(found.error()));
        auto socket = OpenSocket((*found)[attempt % found->size()]);
        if (!socket) return tell(Fail(socket.error()));
        tell(std::move(socket));
      });
}

void RedisDial::DialUnix(EventLoop& loop) {
  loop.Post([this, alive = std::weak_ptr(is_alive_)] {
    if (alive.expired()) return;
    const OnSocket tell = on_socket_;
    SocketAddress address;
    auto& name = reinterpret_cast<sockaddr_un&>(address.bytes);
    name.sun_family = AF_UNIX;
    if (node_.host.size() >= sizeof(name.sun_path)) return tell(Fail("the path is too long"));
    std::memcpy(name.sun_path, node_.host.c_str(), node_.host.size() + 1);
    address.size = sizeof(sockaddr_un);
    auto socket = OpenSocket(address);
    if (!socket) return tell(Fail(socket.error()));
    tell(std::move(socket));
  });
}

std::unexpected<std::string> RedisDial::Fail(const std::string& why) const {
  const std::string port = node_.port.empty() ? "" : ":" + node_.port;
  return std::unexpected("cannot connect to " + node_.host + port + ": " + why);
}

}  // namespace policy::transport
