// Counters shared with the other processes of the user, ready to use.
//
//   auto node = LeaseNode::Start({.state_directory = path}, clock);
//   if (!node) …  // who cannot share does not start
//   Counters& counters = (*node)->counters();
//
// The first process in a state directory leads: it keeps the pool and answers the others over a
// socket there. When it ends, however it ends, another one takes over; until then, which takes
// milliseconds, calls are admitted on what is leased already, and those that need more wait. One
// thread per process talks to the pool; it sleeps while nobody asks.
#ifndef RUNTIME_TRANSPORT_LEASE_NODE_H_
#define RUNTIME_TRANSPORT_LEASE_NODE_H_

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "runtime/limits/clock.h"
#include "runtime/limits/store/shared_counters.h"
#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/lease_follower.h"
#include "runtime/transport/lease_leader.h"

namespace policy::transport {

class LeaseNode {
 public:
  struct Options {
    std::string state_directory;
    CounterLimits limits = {};
    // Why quota cannot be had at the moment: a sentence, from the node's thread, now and then.
    std::function<void(const std::string&)> on_trouble = {};
  };

  // Returns once this process leads or has been welcomed by the leader. `clock` outlives the node.
  static std::expected<std::unique_ptr<LeaseNode>, std::string> Start(Options options,
                                                                      Clock& clock);
  LeaseNode(const LeaseNode&) = delete;  // its thread refers to it
  LeaseNode& operator=(const LeaseNode&) = delete;

  // Returns what is leased and not used. REQUIRES: all reservations are settled.
  ~LeaseNode();

  SharedCounters& counters() { return counters_; }
  bool leads() const { return leads_.load(std::memory_order_relaxed); }

 private:
  LeaseNode(Options options, Clock& clock, StateDirectory directory, File members,
            std::unique_ptr<EventLoop> loop);

  // Everything below runs in the node's thread.
  void Elect();
  void Lead(File lead);
  void Follow();
  void TryAgain(const std::string& trouble);
  void BeginTerm(std::uint64_t incarnation);
  void Say(const LeaseMessage& message);
  void SendAsks();
  void MindAsks();
  void Settle(std::expected<void, std::string> outcome);
  void End();

  const Options options_;
  Clock& clock_;
  const StateDirectory directory_;
  const File members_;
  SharedCounters counters_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<LeaseLeader> leader_;  // at most one of the two
  std::unique_ptr<LeaseFollower> follower_;
  bool is_in_office_ = false;      // leads, or was welcomed
  std::uint64_t incarnation_ = 0;  // of the pool that leases come from; 0: none yet
  std::int64_t elected_since_ns_ = 0;
  EventLoop::TimerId elect_timer_ = 0;
  EventLoop::TimerId ask_timer_ = 0;
  bool is_settled_ = false;
  std::promise<std::expected<void, std::string>> settled_;
  std::atomic<bool> leads_{false};
  std::atomic<bool> is_asking_{false};  // a turn of SendAsks is on its way
  std::thread thread_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_NODE_H_
