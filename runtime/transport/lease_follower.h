// A process that leases from another one: the conversation with the leader.
#ifndef RUNTIME_TRANSPORT_LEASE_FOLLOWER_H_
#define RUNTIME_TRANSPORT_LEASE_FOLLOWER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/limits/store/shared_counters.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/lease_connection.h"

namespace policy::transport {

// Lives in the loop's thread. Not thread-safe.
class LeaseFollower {
 public:
  struct Events {
    std::function<void(std::uint64_t incarnation)> on_welcome;  // once; may say things
    std::function<void()> on_lost;                              // once, in a turn of its own; may
                                                                // destroy the follower
  };

  // `socket` is connected to the leader; `loop` and `counters` outlive the follower.
  LeaseFollower(EventLoop& loop, Descriptor socket, SharedCounters& counters, Events events);

  void Say(const LeaseMessage& message) { connection_.Send(message); }

  // Waits until everything said is on its way. For the end.
  void Finish() { connection_.Finish(); }

 private:
  bool Hear(const LeaseMessage& message);

  SharedCounters& counters_;
  const Events events_;
  bool is_welcome_ = false;
  LeaseConnection connection_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_FOLLOWER_H_
