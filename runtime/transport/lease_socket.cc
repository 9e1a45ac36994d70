#include "runtime/transport/lease_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace policy::transport {
namespace {

constexpr char kSocketName[] = "lease.sock";
constexpr int kBacklog = 64;

// The address of the socket. Where the directory's path is too long for one, the directory is named
// by its descriptor.
sockaddr_un AddressOf(const StateDirectory& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = directory.path() + "/" + kSocketName;
  if (path.size() >= sizeof(address.sun_path)) {
    path = "/proc/self/fd/" + std::to_string(directory.descriptor()) + "/" + kSocketName;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Descriptor NewSocket() {
  return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool IsSameUser(const Descriptor& connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return getsockopt(connection.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.uid == geteuid();
}

}  // namespace

std::expected<Descriptor, std::string> ListenForLeases(const StateDirectory& directory) {
  const auto fail = [&] {
    return std::unexpected("cannot listen on " + directory.path() + "/" + kSocketName + ": " +
                           std::strerror(errno));
  };
  Descriptor listener = NewSocket();
  if (!listener.is_open()) return fail();
  if (unlinkat(directory.descriptor(), kSocketName, 0) != 0 && errno != ENOENT) return fail();
  const sockaddr_un address = AddressOf(directory);
  if (bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.number(), kBacklog) != 0) {
    return fail();
  }
  return listener;
}

Descriptor AcceptLeaseConnection(const Descriptor& listener) {
  while (true) {
    Descriptor connection(
        accept4(listener.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.is_open() || IsSameUser(connection)) return connection;
  }
}

Descriptor ConnectToLeader(const StateDirectory& directory) {
  Descriptor connection = NewSocket();
  const sockaddr_un address = AddressOf(directory);
  if (!connection.is_open() ||
      connect(connection.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0 ||
      !IsSameUser(connection)) {
    return {};
  }
  return connection;
}

}  // namespace policy::transport
