#include "runtime/transport/lease_follower.h"

#include <utility>

namespace policy::transport {

LeaseFollower::LeaseFollower(EventLoop& loop, Descriptor socket, SharedCounters& counters,
                             Events events)
    : counters_(counters),
      events_(std::move(events)),
      connection_(
          loop, std::move(socket), [this](const LeaseMessage& message) { return Hear(message); },
          events_.on_lost) {
  connection_.Send(HelloMessage{});
}

bool LeaseFollower::Hear(const LeaseMessage& message) {
  if (!is_welcome_) {
    const auto* welcome = std::get_if<WelcomeMessage>(&message);
    if (welcome == nullptr || welcome->version != kLeaseProtocolVersion) return false;
    is_welcome_ = true;
    events_.on_welcome(welcome->incarnation);
    return true;
  }
  if (const auto* grant = std::get_if<GrantMessage>(&message)) {
    counters_.Receive(*grant);
    return true;
  }
  if (const auto* recall = std::get_if<RecallMessage>(&message)) {
    connection_.Send(counters_.Receive(*recall));
    return true;
  }
  if (const auto* set = std::get_if<SetMessage>(&message)) {
    counters_.Receive(*set);
    return true;
  }
  return false;
}

}  // namespace policy::transport
