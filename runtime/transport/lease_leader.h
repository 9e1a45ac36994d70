// The process that keeps the pool: answers the other processes, and itself.
#ifndef RUNTIME_TRANSPORT_LEASE_LEADER_H_
#define RUNTIME_TRANSPORT_LEASE_LEADER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/limits/clock.h"
#include "runtime/limits/store/lease_pool.h"
#include "runtime/limits/store/shared_counters.h"
#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/lease_connection.h"

namespace policy::transport {

inline constexpr std::size_t kLeaseHoldersMax = 256;

// Lives in the loop's thread. Not thread-safe.
class LeaseLeader final : EventHandler, LeasePool::Outbox {
 public:
  // `lead` is the directory's lock; it is given up last. `is_alone`: no other process holds
  // anything. Everything referred to outlives the leader.
  struct Surroundings {
    EventLoop& loop;
    const StateDirectory& directory;
    SharedCounters& counters;
    Clock& clock;
    bool is_alone = false;
  };
  static std::expected<std::unique_ptr<LeaseLeader>, std::string> Start(
      const Surroundings& surroundings, File lead);
  LeaseLeader(const LeaseLeader&) = delete;  // the loop refers to it
  LeaseLeader& operator=(const LeaseLeader&) = delete;
  ~LeaseLeader();

  std::uint64_t incarnation() const { return pool_->incarnation(); }
  // What it says to this process is heard after Deliver.
  LeasePool& pool() { return *pool_; }
  void Deliver() { AnswerSelf(); }

  // Tells the pool what this process says: its questions, and what it holds.
  void Say(const LeaseMessage& message);

 private:
  static constexpr LeasePool::HolderId kSelf = 0;

  struct Holder {
    std::unique_ptr<LeaseConnection> connection;
    bool is_welcome = false;
  };

  LeaseLeader(const Surroundings& surroundings, File lead);
  void OnReady(Interest ready) override;
  void Send(LeasePool::HolderId id, const LeaseMessage& message) override;
  bool Hear(LeasePool::HolderId id, const LeaseMessage& message);
  void Forget(LeasePool::HolderId id);
  void AnswerSelf();
  void MindRecalls();

  const Surroundings surroundings_;
  File lead_;
  std::unique_ptr<LeasePool> pool_;
  Descriptor listener_;
  LeasePool::HolderId next_id_ = kSelf + 1;
  std::unordered_map<LeasePool::HolderId, Holder> holders_;
  std::deque<LeaseMessage> to_self_;
  bool is_answering_self_ = false;
  EventLoop::TimerId recall_timer_ = 0;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_LEADER_H_
