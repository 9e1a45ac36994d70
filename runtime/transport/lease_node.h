// Counters shared with the other processes of the user, or with other replicas, ready to use.
//
//   auto node = LeaseNode::Start({.state_directory = path}, clock);
//   if (!node) …  // who cannot share does not start
//   Counters& counters = (*node)->counters();
//
// The first process in a state directory leads: it keeps the pool and answers the others over a
// socket there. When it ends, however it ends, another one takes over; until then, which takes
// milliseconds, calls are admitted on what is leased already, and those that need more wait.
// Replicas on several machines lease from a Redis in the same way. One thread per process talks to
// the pool.
#ifndef RUNTIME_TRANSPORT_LEASE_NODE_H_
#define RUNTIME_TRANSPORT_LEASE_NODE_H_

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "runtime/limits/clock.h"
#include "runtime/limits/store/shared_counters.h"
#include "runtime/transport/event_loop.h"
#include "runtime/transport/lease_upstream.h"
#include "runtime/transport/redis_leases.h"

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
  // Leases from a Redis; the state directory is not used. Returns once the pool there can be asked.
  static std::expected<std::unique_ptr<LeaseNode>, std::string> StartWithRedis(
      RedisLeases::Options redis, Options options, Clock& clock);
  LeaseNode(const LeaseNode&) = delete;  // its thread refers to it
  LeaseNode& operator=(const LeaseNode&) = delete;

  // Returns what is leased and not used. REQUIRES: all reservations are settled.
  ~LeaseNode();

  SharedCounters& counters() { return counters_; }
  // For operators: calls `visit` in the node's thread, in a coming turn, with the pool that this
  // process keeps, or null. Never, when the node ends before.
  void WithPool(std::function<void(LeasePool* pool)> visit);
  // LeaseUpstream::Release. `on_done` is called once, in the node's thread; not at all if the node
  // ends before the store has answered.
  void Release(std::function<void(std::optional<bool>)> on_done);
  bool leads() const { return leads_.load(std::memory_order_relaxed); }

 private:
  LeaseNode(Options options, Clock& clock, std::unique_ptr<EventLoop> loop);
  static std::expected<std::unique_ptr<LeaseNode>, std::string> StartOn(
      const LeaseUpstream::Make& make, Options options, Clock& clock,
      const std::string& nobody_answers);

  // Everything below runs in the node's thread.
  void Begin(const LeaseUpstream::Make& make);
  void BeginTerm(std::uint64_t incarnation);
  void SendAsks();
  void MindAsks();
  void ReturnIdle();
  void Settle(std::expected<void, std::string> outcome);
  void End();

  const Options options_;
  Clock& clock_;
  SharedCounters counters_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<LeaseUpstream> upstream_;
  bool can_ask_ = false;
  std::uint64_t incarnation_ = 0;  // of the pool that leases come from; 0: none yet
  EventLoop::TimerId ask_timer_ = 0;
  bool is_settled_ = false;
  std::promise<std::expected<void, std::string>> settled_;
  std::atomic<bool> leads_{false};
  std::atomic<bool> is_asking_{false};  // a turn of SendAsks is on its way
  std::thread thread_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_LEASE_NODE_H_
