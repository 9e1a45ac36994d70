// One end of a conversation about leases: messages on a socket.
#ifndef RUNTIME_TRANSPORT_LEASE_CONNECTION_H_
#define RUNTIME_TRANSPORT_LEASE_CONNECTION_H_

#include <cstddef>
#include <functional>
#include <string>

#include "runtime/limits/store/lease_message.h"
#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

// What a peer may leave unread before it is dropped.
inline constexpr std::size_t kLeaseOutputBytesMax = std::size_t{4} << 20;

// Lives in the loop's thread. Not thread-safe.
class LeaseConnection final : EventHandler {
 public:
  // False: the peer broke the protocol.
  using OnMessage = std::function<bool(const LeaseMessage&)>;

  // `on_closed` is called once, in a turn of its own, after the peer went away, broke the protocol
  // or read too slowly; it may destroy the connection, `on_message` must not.
  LeaseConnection(EventLoop& loop, Descriptor socket, OnMessage on_message,
                  std::function<void()> on_closed);
  LeaseConnection(const LeaseConnection&) = delete;  // the loop refers to it
  LeaseConnection& operator=(const LeaseConnection&) = delete;
  ~LeaseConnection();

  // Writes what the socket takes, and the rest later. Nothing is sent once the peer is gone.
  void Send(const LeaseMessage& message);

  // Waits for what is left to write, as long as a peer that reads may need. For the end.
  void Finish();

 private:
  void OnReady(Interest ready) override;
  void ReadAll();
  bool TakeFrames();
  void Flush();
  void Drop();

  EventLoop& loop_;
  Descriptor socket_;
  OnMessage on_message_;
  std::shared_ptr<std::function<void()>> on_closed_;  // weakly held by the loop
  std::string input_;
  std::string output_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_CONNECTION_H_
