// A conversation with one Redis: commands out, replies in, in order; what others publish beside.
#ifndef RUNTIME_TRANSPORT_REDIS_CONNECTION_H_
#define RUNTIME_TRANSPORT_REDIS_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/resp.h"
#include "runtime/transport/tls_client.h"

namespace policy::transport {

// What a server may leave unread before it is dropped.
inline constexpr std::size_t kRedisOutputBytesMax = std::size_t{8} << 20;

// Lives in the loop's thread. Not thread-safe.
class RedisConnection final : EventHandler {
 public:
  using OnReply = std::function<void(const RespValue&)>;
  struct Events {
    std::function<void(const RespValue&)> on_push;
    // Once, in a turn of its own; may destroy the connection, the other functions must not.
    std::function<void(const std::string& why)> on_closed;
  };

  // `session`: null for plain text.
  RedisConnection(EventLoop& loop, Descriptor socket, TlsSession session, Events events);
  RedisConnection(const RedisConnection&) = delete;  // the loop refers to it
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  // Queues a command. Its reply comes once, unless the connection ends first.
  void Send(std::span<const std::string> words, OnReply on_reply);
  // A command without a reply of its own: SUBSCRIBE.
  void SendQuietly(std::span<const std::string> words);
  // Writes what was queued: commands that are queued together share a round trip.
  void Flush();

  bool is_answered() const { return replies_.empty(); }

  // Ends the conversation; on_closed hears why.
  void Close(const std::string& why);

  // Waits until everything is answered, but not long. For the end.
  void Finish(std::chrono::milliseconds within);

 private:
  enum class Transfer : std::uint8_t { Done, WouldBlock, Failed };

  void OnReady(Interest ready) override;
  Transfer Read(std::span<char> buffer, std::size_t& count);
  Transfer Write(std::size_t& count);
  Transfer TlsTransfer(int result);
  void ReadAll();
  bool TakeReplies();
  void Listen();

  EventLoop& loop_;
  Descriptor socket_;
  TlsSession session_;  // refers to the socket
  const Events events_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);  // weakly held by the loop
  bool wants_write_ = false;  // TLS has something of its own to write
  std::string trouble_;
  std::string output_;
  RespReader reader_;
  std::deque<OnReply> replies_;  // that are awaited
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_REDIS_CONNECTION_H_
