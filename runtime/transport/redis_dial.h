// Begins a connection to a Redis: looks its name up without stopping the loop, and opens a socket.
#ifndef RUNTIME_TRANSPORT_REDIS_DIAL_H_
#define RUNTIME_TRANSPORT_REDIS_DIAL_H_

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/name_lookup.h"
#include "runtime/transport/redis_address.h"

namespace policy::transport {

// Lives in the loop's thread. Not thread-safe.
class RedisDial {
 public:
  using OnSocket = std::function<void(std::expected<Descriptor, std::string>)>;

  // Calls `on_socket` once, in a coming turn, with a socket that is connected or about to be; never
  // after this object has gone. Of several addresses of a name, the `attempt`th is taken.
  RedisDial(EventLoop& loop, const RedisNode& node, std::size_t attempt, OnSocket on_socket);
  RedisDial(const RedisDial&) = delete;  // what is posted refers to it
  RedisDial& operator=(const RedisDial&) = delete;
  ~RedisDial() = default;

 private:
  void DialUnix(EventLoop& loop);
  std::unexpected<std::string> Fail(const std::string& why) const;

  const RedisNode node_;
  OnSocket on_socket_;
  std::unique_ptr<NameLookup> lookup_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // weakly held by the loop
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_REDIS_DIAL_H_
