#include "runtime/transport/name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace policy::transport {
namespace {

// Blocks where `flags` do not say that the host is an address. nullopt: it is a name.
std::optional<NameLookup::Found> Find(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error == EAI_NONAME && (flags & AI_NUMERICHOST) != 0) return std::nullopt;
  if (error != 0) return std::unexpected(std::string(gai_strerror(error)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.bytes, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
  }
  return addresses;
}

}  // namespace

std::expected<Descriptor, std::string> OpenSocket(const SocketAddress& address) {
  const auto* const peer = reinterpret_cast<const sockaddr*>(&address.bytes);
  Descriptor connection(::socket(peer->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!connection.is_open()) return std::unexpected(std::string(std::strerror(errno)));
  if (peer->sa_family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(connection.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (::connect(connection.number(), peer, address.size) != 0 && errno != EINPROGRESS) {
    return std::unexpected(std::string(std::strerror(errno)));
  }
  return connection;
}

// Shared with the thread that looks the name up.
struct NameLookup::State {
  std::mutex mutex;
  EventLoop* loop = nullptr;  // null: nobody waits any more; under the mutex
  OnFound on_found;           // of the loop's thread

  static void Deliver(const std::shared_ptr<State>& state, Found found) {
    const std::lock_guard guard(state->mutex);
    if (state->loop == nullptr) return;
    state->loop->Post([state, found = std::move(found)] {
      const OnFound on_found = std::exchange(state->on_found, nullptr);
      if (on_found) on_found(found);
    });
  }
};

NameLookup::NameLookup(EventLoop& loop, const std::string& host, const std::string& port,
                       OnFound on_found)
    : state_(std::make_shared<State>()) {
  state_->loop = &loop;
  state_->on_found = std::move(on_found);
  if (auto found = Find(host, port, AI_NUMERICHOST)) {
    State::Deliver(state_, std::move(*found));
    return;
  }
  // The system's look-up can take many seconds and cannot be stopped: it is left to itself.
  std::thread([state = state_, host, port] {
    State::Deliver(state, *Find(host, port, 0));
  }).detach();
}

NameLookup::~NameLookup() {
  state_->on_found = nullptr;
  const std::lock_guard guard(state_->mutex);
  state_->loop = nullptr;
}

}  // namespace policy::transport
