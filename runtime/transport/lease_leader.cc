#include "runtime/transport/lease_leader.h"

#include <chrono>
#include <utility>

#include "runtime/transport/local_socket.h"

namespace policy::transport {

std::expected<std::unique_ptr<LeaseLeader>, std::string> LeaseLeader::Start(
    const Surroundings& surroundings, File lead) {
  std::unique_ptr<LeaseLeader> leader(new LeaseLeader(surroundings, std::move(lead)));
  auto pool = LeasePool::Open(surroundings.directory, surroundings.clock, *leader,
                              surroundings.counters.permit_seconds());
  if (!pool) return std::unexpected(pool.error());
  leader->pool_ = std::move(*pool);
  if (surroundings.is_alone) leader->pool_->ForgetOrphans();
  leader->pool_->Join(kSelf);
  auto listener = ListenLocally(surroundings.directory, kLeaseSocketName);
  if (!listener) return std::unexpected(listener.error());
  leader->listener_ = std::move(*listener);
  surroundings.loop.Watch(leader->listener_.number(), {.readable = true}, *leader);
  return leader;
}

LeaseLeader::LeaseLeader(const Surroundings& surroundings, File lead)
    : surroundings_(surroundings), lead_(std::move(lead)) {}

LeaseLeader::~LeaseLeader() {
  if (listener_.is_open()) surroundings_.loop.Unwatch(listener_.number());
  if (recall_timer_ != 0) surroundings_.loop.Cancel(recall_timer_);
}

void LeaseLeader::OnReady(Interest) {
  while (true) {
    Descriptor socket = AcceptLocally(listener_);
    if (!socket.is_open()) return;
    if (holders_.size() >= kLeaseHoldersMax) continue;
    const LeasePool::HolderId id = next_id_++;
    holders_[id].connection = std::make_unique<LeaseConnection>(
        surroundings_.loop, std::move(socket),
        [this, id](const LeaseMessage& message) { return Hear(id, message); },
        [this, id] { Forget(id); });
  }
}

bool LeaseLeader::Hear(LeasePool::HolderId id, const LeaseMessage& message) {
  Holder& holder = holders_.at(id);
  if (!holder.is_welcome) {
    const auto* hello = std::get_if<HelloMessage>(&message);
    if (hello == nullptr || hello->version != kLeaseProtocolVersion) return false;
    holder.is_welcome = true;
    pool_->Join(id);
    Send(id, WelcomeMessage{.incarnation = pool_->incarnation()});
    return true;
  }
  const bool is_known = pool_->Receive(id, message);
  AnswerSelf();
  MindRecalls();
  return is_known;
}

void LeaseLeader::Forget(LeasePool::HolderId id) {
  holders_.erase(id);
  pool_->Leave(id);
  AnswerSelf();
}

void LeaseLeader::Say(const LeaseMessage& message) {
  // Only what the pool knows is said here, so it is never refused.
  static_cast<void>(pool_->Receive(kSelf, message));
  AnswerSelf();
  MindRecalls();
}

void LeaseLeader::Send(LeasePool::HolderId id, const LeaseMessage& message) {
  if (id == kSelf) {
    to_self_.push_back(message);
  } else if (const auto holder = holders_.find(id); holder != holders_.end()) {
    holder->second.connection->Send(message);
  }
}

// Hands this process the pool's messages, in order and never from inside the pool.
void LeaseLeader::AnswerSelf() {
  if (std::exchange(is_answering_self_, true)) return;
  while (!to_self_.empty()) {
    const LeaseMessage message = std::move(to_self_.front());
    to_self_.pop_front();
    if (const auto* grant = std::get_if<GrantMessage>(&message)) {
      surroundings_.counters.Receive(*grant);
    } else if (const auto* recall = std::get_if<RecallMessage>(&message)) {
      static_cast<void>(pool_->Receive(kSelf, surroundings_.counters.Receive(*recall)));
    } else if (const auto* set = std::get_if<SetMessage>(&message)) {
      surroundings_.counters.Receive(*set);
    }
  }
  is_answering_self_ = false;
}

void LeaseLeader::MindRecalls() {
  if (recall_timer_ != 0 || !pool_->is_recalling()) return;
  const std::chrono::nanoseconds timeout(LeasePool::kRecallTimeoutNanoseconds);
  recall_timer_ =
      surroundings_.loop.After(std::chrono::ceil<std::chrono::milliseconds>(timeout), [this] {
        recall_timer_ = 0;
        pool_->Expire();
        AnswerSelf();
        MindRecalls();
      });
}

}  // namespace policy::transport
