#include "runtime/transport/redis_dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace policy::transport {
namespace {

using Dialed = std::expected<Descriptor, std::string>;

std::unexpected<std::string> Fail(const RedisNode& node, const char* why) {
  const std::string port = node.port.empty() ? "" : ":" + node.port;
  return std::unexpected("cannot connect to " + node.host + port + ": " + why);
}

Dialed Open(const RedisNode& node, const sockaddr* address, socklen_t size) {
  Descriptor connection(socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!connection.is_open()) return Fail(node, std::strerror(errno));
  if (address->sa_family != AF_UNIX) {
    const int on = 1;
    setsockopt(connection.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (connect(connection.number(), address, size) != 0 && errno != EINPROGRESS) {
    return Fail(node, std::strerror(errno));
  }
  return connection;
}

Dialed OpenUnix(const RedisNode& node) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (node.host.size() >= sizeof(address.sun_path)) return Fail(node, "the path is too long");
  std::memcpy(address.sun_path, node.host.c_str(), node.host.size() + 1);
  return Open(node, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

// Blocks where `flags` do not say that the host is an address. nullopt: it is a name.
std::optional<Dialed> OpenTcp(const RedisNode& node, std::size_t attempt, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(node.host.c_str(), node.port.c_str(), &hints, &found);
  if (error == EAI_NONAME && (flags & AI_NUMERICHOST) != 0) return std::nullopt;
  if (error != 0) return Fail(node, gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  std::size_t count = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) ++count;
  const addrinfo* chosen = found;
  for (std::size_t i = 0; i < attempt % count; ++i) chosen = chosen->ai_next;
  return Open(node, chosen->ai_addr, chosen->ai_addrlen);
}

}  // namespace

// Shared with the thread that looks the name up.
struct RedisDial::State {
  std::mutex mutex;
  EventLoop* loop = nullptr;  // null: nobody waits any more; under the mutex
  OnSocket on_socket;         // of the loop's thread

  static void Deliver(const std::shared_ptr<State>& state, Dialed dialed) {
    const std::lock_guard guard(state->mutex);
    if (state->loop == nullptr) return;
    // A task must be copyable; a socket is not.
    const auto held = std::make_shared<Dialed>(std::move(dialed));
    state->loop->Post([state, held] {
      const OnSocket on_socket = std::exchange(state->on_socket, nullptr);
      if (on_socket) on_socket(std::move(*held));
    });
  }
};

RedisDial::RedisDial(EventLoop& loop, const RedisNode& node, std::size_t attempt,
                     OnSocket on_socket)
    : state_(std::make_shared<State>()) {
  state_->loop = &loop;
  state_->on_socket = std::move(on_socket);
  if (node.port.empty()) {
    State::Deliver(state_, OpenUnix(node));
    return;
  }
  if (auto dialed = OpenTcp(node, attempt, AI_NUMERICHOST)) {
    State::Deliver(state_, std::move(*dialed));
    return;
  }
  // The system's look-up can take many seconds and cannot be stopped: it is left to itself.
  std::thread([state = state_, node, attempt] {
    State::Deliver(state, *OpenTcp(node, attempt, 0));
  }).detach();
}

RedisDial::~RedisDial() {
  state_->on_socket = nullptr;
  const std::lock_guard guard(state_->mutex);
  state_->loop = nullptr;
}

}  // namespace policy::transport
