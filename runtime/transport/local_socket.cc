#include "runtime/transport/local_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace policy::transport {
namespace {

constexpr int kBacklog = 64;
constexpr mode_t kSocketMode = 0600;

// The address of the socket. Where the directory's path is too long for one, the directory is named
// by its descriptor.
sockaddr_un AddressOf(const StateDirectory& directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = directory.path() + "/" + name;
  if (path.size() >= sizeof(address.sun_path)) {
    path = "/proc/self/fd/" + std::to_string(directory.descriptor()) + "/" + name;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Descriptor NewSocket() {
  return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool IsSameUser(const Descriptor& connection, pid_t* process = nullptr) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(connection.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (process != nullptr) *process = peer.pid;
  return peer.uid == geteuid();
}

}  // namespace

std::expected<Descriptor, std::string> ListenLocally(const StateDirectory& directory,
                                                     const std::string& name) {
  const auto fail = [&] {
    return std::unexpected("cannot listen on " + directory.path() + "/" + name + ": " +
                           std::strerror(errno));
  };
  Descriptor listener = NewSocket();
  if (!listener.is_open()) return fail();
  const std::string new_name = name + ".new";
  if (unlinkat(directory.descriptor(), new_name.c_str(), 0) != 0 && errno != ENOENT) return fail();
  const sockaddr_un address = AddressOf(directory, new_name);
  if (bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      fchmodat(directory.descriptor(), new_name.c_str(), kSocketMode, 0) != 0 ||
      listen(listener.number(), kBacklog) != 0 ||
      renameat(directory.descriptor(), new_name.c_str(), directory.descriptor(), name.c_str()) !=
          0) {
    return fail();
  }
  return listener;
}

Descriptor AcceptLocally(const Descriptor& listener, pid_t* peer) {
  while (true) {
    Descriptor connection(
        accept4(listener.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.is_open() || IsSameUser(connection, peer)) return connection;
  }
}

Descriptor ConnectLocally(const StateDirectory& directory, const std::string& name) {
  Descriptor connection = NewSocket();
  const sockaddr_un address = AddressOf(directory, name);
  if (!connection.is_open() ||
      connect(connection.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0 ||
      !IsSameUser(connection)) {
    return {};
  }
  return connection;
}

void RemoveIfDeserted(const StateDirectory& directory, const std::string& name) {
  const Descriptor connection = NewSocket();
  const sockaddr_un address = AddressOf(directory, name);
  if (connection.is_open() &&
      connect(connection.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0 &&
      errno == ECONNREFUSED) {
    unlinkat(directory.descriptor(), name.c_str(), 0);
  }
}

}  // namespace policy::transport
